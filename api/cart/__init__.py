"""A customer's cart. `routes.py` takes HTTP, `view.py` says what is in it and what that costs (pure), `store.py` keeps
it. Placing an order takes what was ordered out of it; see `api/orders/till.py`.
"""
