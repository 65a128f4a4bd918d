"""Orders, in the order a request meets the files.

`routes.py`, `tracking_routes.py`, `track_routes.py` and `share_routes.py` take HTTP and check rights; `shapes.py` says
what bodies look like. `desk.py` holds the use cases: place, step, assign. It asks `rules.py` (the status machine, pure)
over an `order.py` (what an order is), and has `store.py` write the order and its log items in one transaction.
`dispatch.py` asks tracking where riders are and picks the one for an order; `sight.py` says which part of a track an
order opens, and to whom. `share.py` keeps share links. `news.py` tells every process what changed, so that its sockets
are checked again.
"""
