"""Phone apps that exist already send their riders' places to one address, in whatever form they speak.

`routes.py` gives out keys, one a phone, which `store.py` keeps as hashes. A request to `/api/ingest/{key}` meets
`ingest_routes.py`, then `intake.py`: whose key it is, how often, and on to `tracking.report` like any other report.
What the request says is understood by `understand.py` (pure), which knows four families: `fields.py` (Traccar Client,
OsmAnd, GPSLogger), `owntracks.py`, `features.py` (Overland) and `records.py` (Traccar Client 9, background-geolocation
apps); all make `reading.py`'s Reading of it.
"""
