"""Offering an order to riders, one after the other, until one takes it.

`routes.py` takes HTTP from staff (offer it) and riders (accept, decline). `desk.py` holds the use cases, and the sweep
that moves on when a rider's time is up. `offer.py` (pure) says what an offer is and which state follows which;
`store.py` writes it with its log items on `rider:{id}` and `ops`. While it is open it takes a place of its rider.
"""
