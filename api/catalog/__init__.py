"""What shops sell, in the order a request meets the files.

`routes.py` takes HTTP and checks rights, `shapes.py` says what bodies look like, `pages.py` writes lists. `desk.py`
holds the use cases: offer, amend, withdraw. It asks `rules.py` (pure) over a `product.py` (what a product is), has
`store.py` write, and tells the channels and the other processes what changed.
"""
