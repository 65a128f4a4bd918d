"""Notifications at the edge: `board.py` brings a process' parts together, `reactions.py` says what events tell whom,
`routes.py` is the list and the preferences over HTTP in the shapes of `shapes.py`.
"""
