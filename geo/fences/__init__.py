"""Geofences: which riders came in, went out, stayed, passed through or were too fast. Pure; time comes with the fixes.

A GeoJSON Feature meets feature.py (what is refused, what is repaired and said so) and becomes a fence.py; shape.py is
its place in metres. table.py finds the fences near a stretch of road and cells.py those near a place. pairs.py says
beside which of them a batch of fixes (row.py) is looked at, measure.py how far from their edges it is; track.py holds
what is known of a rider, machine.py decides at one fence, judge.py at all of them, events.py names what happened, and
engine.py takes a batch of fixes through all of it. stops.py is the ladder of arrival at an order's stop, and
offroute.py tells who leaves the way to it.
"""
