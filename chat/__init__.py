"""Talk: rooms whose members the server decides, messages that are stored once, counts that are never guessed.

`room` says who is in and for how long, `text` what may be said and `pace` how often, `messages` how it looks in a
channel's log, `unread` how it is counted, `attachments` which pictures go with it. What is done in rooms goes through
`desk`. It finds a room in `rooms` (memory, Redis, or MongoDB by `registry`), hands what is said to `writer`, which
commits what waits together (`plan` gives out the offsets, `store` writes, `album` keeps pictures), and receipts to
`marks` (copied in Redis by `copies`). `watch` tells those who look on in this process, and `keys` spells every name
in Redis.
"""
