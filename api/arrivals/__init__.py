"""Arrival times, brought together: whom the serving process asks (`answering.py`), how the worker learns (`lesson.py`,
when `teaching.py` says), and who knows ways (`routers.py`).

The rules are in `tracking/eta`, the routes in `city/routing`.
"""
