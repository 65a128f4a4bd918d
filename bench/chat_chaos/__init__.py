"""A conversation that is broken on purpose: `python -m bench.chat_chaos`.

`stage` starts what a deployment runs (two servers behind nginx, Valkey, MongoDB) and `proxy` is the bad network before
it; `talker` is one device that sends until it is told that its message is stored, `faults` breaks things by a seed,
and `verdict` compares what was acknowledged, stored and seen.
"""
