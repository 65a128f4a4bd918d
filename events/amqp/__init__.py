"""Events over RabbitMQ, 3.10 or later. `standing.py` declares what must stand in the broker, `line.py` keeps a channel
open, `transport.py` publishes and consumes, `dead.py` lists and replays what nobody could deal with.
"""
