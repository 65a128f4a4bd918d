"""The Python client of the wire contract, used by replay, simulate, tests and your own programs.

`errors` says what can go wrong, `wire` turns messages into frames and knows which newer push replaces which elder one,
`connection` is one socket from `auth` to close, `comeback` decides when to return after a close, `place` is where we
stand in a channel's log, `inbox` holds pushes that nobody has read yet, `options` is what a session may be told, and
`reconnect` puts these together: one session over many sockets. On top stand `rider` (points go up, none is lost) and
`watcher` (a channel's current picture); examples/ holds programs to start from.
"""
