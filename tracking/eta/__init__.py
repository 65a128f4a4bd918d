"""When a rider arrives, how sure we are, and how both are learned from the service's own finished trips.

`journey.py` follows one rider to one stop and says what is known at a moment, `flow.py` how fast the city moves as a
whole. Live, a fix goes to `live.py`, which keeps a `leg.py` an order: `forecast.py` says what is answered when routes
or models are missing, `stops.py` adds up several stops, `hysteresis.py` says when it is worth telling, and
`message.py` how sharply.

Finished deliveries become trips in `harvest.py`; `samples.py` lays them out minute by minute. `learn.py` makes a
`model.py` of them, whose `trees.py` are plain arrays; `replay.py` asks it as a service would have, `measures.py` says
how wrong it was, and `exam.py` decides whether it may take over. `window.py` is the window around an arrival and how it
widens when arrivals keep falling outside. `store.py` keeps models and trips.
"""
