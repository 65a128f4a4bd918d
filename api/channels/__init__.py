"""The kinds of channel that concern riders and orders: who may watch, on which topics, and what holds right now.

order.py (one order, in the view its watcher has), rider.py (one rider), area.py (a map's viewport), ops.py (the whole
service), vendor.py (a shop's orders), user.py (a person's own news). kinds.py registers them by prefix.
"""
