"""What was made once is not made again for a while, and never shown when it is no longer true.

`keys.py` spells every key and says what belongs together; `store.py` is the cache in Redis: one loads, the others wait,
and a failing cache fails nobody. `truth.py` tells whether a value is still true, `calls.py` asks Redis.
`local.py` keeps the hottest answers in this process for a moment, and `early.py` lets those leave before ASGI.
`front.py` answers public GETs, which `plan.py` knows, before the framework sees them. `forget.py` is what a change
makes untrue, for desks and workers alike.
"""
