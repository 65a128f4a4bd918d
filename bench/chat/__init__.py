"""What a conversation costs: `python -m bench.chat sends|storm|long`.

`sends` measures acknowledgements beside a Node program that stores messages as durably, `storm` a thousand rooms that
are resumed at once after a crash, and `long` a room of a hundred thousand messages. `stage` starts the servers,
`talk` is the sockets that load them.
"""
