"""The audit log: `trail.py` takes notes, `store.py` keeps them, `routes.py` shows them to admins."""
