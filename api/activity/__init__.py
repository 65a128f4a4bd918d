"""What people do in the shop's pages: `routes.py` takes batches, `log.py` says what is kept of them (pure), `store.py`
keeps them for a while.
"""
