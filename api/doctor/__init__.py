"""What this machine and its servers lack. `finding` is one result with the command that mends it; `machine` looks at
Python, programs, limits and ports, `settings` at the environment, `servers` asks Redis, MongoDB and RabbitMQ.
"""
