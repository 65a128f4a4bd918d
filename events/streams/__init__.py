"""Events over Redis streams, for those without a broker. `keys.py` names everything that stands in Redis, `entries.py`
is the form of an entry, `transport.py` publishes, `reader.py` consumes one queue, `dead.py` lists and replays.
"""
