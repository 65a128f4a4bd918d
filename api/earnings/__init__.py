"""What riders earned and how deliveries went: `rules.py` reckons (pure), `routes.py` shows. `api/orders/till.py` writes
a delivery and its earning in the transaction of the step that ends it.
"""
