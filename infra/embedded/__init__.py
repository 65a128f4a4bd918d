"""Real servers started for demo and tests, each a private child process on free ports.

`ports` finds a free port, `warden` makes sure no child outlives its parent, `process` starts and stops one child,
`kept` starts it again when it crashes, `ready` asks over HTTP whether it is up; `valkey`, `mongod` and `rabbitmq` know
each server's flags and how to ask whether it is ready.
"""
