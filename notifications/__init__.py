"""What people must be told, on which channel, and only once.

`rules.py` is the table: who is told what. `about.py` makes a `notice.py` of what happened, in the words of `words.py`.
`desk.py` tells it and hears what became of it, over `store.py` (the log, the due decision, the count of what is
unread, which `copies.py` copies to Redis) and, for riders, `inbox.py`; `watch.py` pushes counts. Who confirmed nothing
in time is interrupted elsewhere, as `decision.py` and the person's `preferences.py` say: `decider.py` claims what is
`due.py`, as `claims.py` and `leases.py` have it, finds addresses in `book.py` and goes one of the `ways/`.
`digest.py` gathers what chatty rooms say. `hooks/` tells other programs. `keys.py` spells what stands in Redis.
"""
