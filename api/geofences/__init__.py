"""Geofences of the service: drawn by staff, watched by the worker, told to riders, `ops` and orders.

routes.py takes GeoJSON Features, store.py keeps them with a revision and says that one changed, which edits.py tells
whoever looks at a map of them. follow.py keeps a worker's table in step with the store, alerts.py stores what a fence
told, once, with the log items that tell of it, and watch.py brings them together with the stored points. arrivals.py
knows which stop an order's rider is headed for, and duty.py is all of it as a worker's part.
"""
