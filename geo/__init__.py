"""Shapes and distances on the globe; pure functions, no I/O.

point.py tells how far and which way, box.py is a map viewport, grid.py finds the names inside one,
progress.py says how far along its route somebody is.
"""
