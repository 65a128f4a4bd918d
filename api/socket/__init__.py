"""The socket: from upgrade request to use case and back, without a task or an await per message.

`handshake` judges the upgrade request; `engine` mounts picows on uvicorn's port and keeps one write per socket and
loop turn, `wheel` its one timer; `connection` is one WebSocket: `assembly` makes whole messages of frames, pings, slow
readers and closing stand there, `complaints` hears of frames that picows cannot read, and `peer` is what a connection
serves. `session` is the conversation: `commands` reads what the client says, `limits` how much, `auth` who it is,
`reports` takes a rider's points and lets their answers gather (`gathering`), `subscriptions` what it watches, through
the kinds described in `channels`, `chat` what it asks of rooms (in the words of `chat_commands`). `codes` lists the
endings. `sockets` knows all sessions of the process: re-checks rights, closes, drains.
"""
