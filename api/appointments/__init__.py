"""Appointments for a vendor's services: `routes.py` takes HTTP, `rules.py` decides (pure), `store.py` books, and no two
appointments of one vendor overlap.
"""
