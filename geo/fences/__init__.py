"""Geofences: which riders came in, went out, stayed, passed through or were too fast. Pure; time comes with the fixes.

A GeoJSON Feature meets feature.py (what is refused, what is repaired and said so) and becomes a fence.py; shape.py is
its place in metres. table.py keeps all of them as arrays.py, with cells.py to find them by and edges.py to measure
them by. track.py holds what is known of a rider, row.py a fix beside it; kernel.py, machine code by compiled.py, looks
at a batch of fixes beside all fences, machine.py decides at one fence, judge.py at all of them, events.py names what
happened, and engine.py takes a batch of fixes through all of it. stops.py is the ladder of arrival at an order's
stop, and offroute.py tells who leaves the way to it.
"""
