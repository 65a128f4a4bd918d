"""Vendors' stores: who and where. `routes.py` takes HTTP, `store.py` keeps stores and what customers gave them."""
