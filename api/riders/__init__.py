"""Riders over HTTP: routes.py answers who is near, where one is and has been, day_routes.py how a day went."""
