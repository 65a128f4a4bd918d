"""A city that does not exist, for a demo and tests without any recorded data: drawn from a seed, always the same.

`plan.py` decides the lines: coast, river, streets, avenue, ring road; `noding.py` cuts lines where they cross and gives
every crossing one node; `blocks.py` adds parks and houses; `names.py` has the street names; `town.py` is the way in:
the whole town as OpenStreetMap-like nodes and ways, as a Graph, or written to an .osm.pbf file.
"""
