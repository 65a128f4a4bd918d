"""Webhooks: what happened, told to other programs, signed, for days if need be.

`store.py` takes a delivery for each endpoint that wants an event, in the transaction that deals with the event;
`sender.py` claims what is due and posts it, signed as `signing.py` says; `schedule.py` says when to try again and when
it is dead. What is dead is kept, listed and can be replayed.
"""
