"""Delivery: knows channels and bytes, not riders or rooms.

A message becomes a `push` (encoded once per encoding), the `hub` hands it to every local watcher of its topic
(names in `topics`), and each watcher's `outbox` decides what waits and what gives way until the socket is writable.
Items that must not be lost are first written to the channel's log in `store`; `feed` then brings them to the hub in
order and without gaps, remembering the last ones (`memory`), and `relay` carries them, like all live news, to the other
processes through Redis. `recent` keeps a copy of each channel's end there for those who come back, `own` knows which
fields are not for everybody, and `meters` counts what happened.
"""
