"""A city of one's own: base map and routing graph from an OpenStreetMap extract, and riders who move through it.

An extract goes through `extract.py` (reads it, refuses bad input) and `roads.py` (which ways a rider may take), is
cut into `streets.py` (junctions and edges; `components.py` drops what leads nowhere) and becomes a `graph.py`, which
asks `snap.py` for the street at a point, `engine.py` for the cheapest path and `trace.py` for its line; `places.py`
is what it answers. `build.py` makes a directory of it, with `basemap.py` (`features.py` says what is on the map,
`sea.py` where the sea is) and `manifest.py`; `commands.py` is `ridewire city`. `invented/` draws a town where there is
no extract. `ride.py` drives along a route, `receiver.py` is the phone that hears it, `rider.py` joins the two, and
`market.py` plays orders, shops and riders over a graph. `routing/` asks whoever knows a way, our streets among them.
"""
