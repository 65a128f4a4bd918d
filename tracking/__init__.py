"""Where every rider is, who may see it, and where they have been.

A report meets messages.py (what a phone may send), report.py (the list of steps), loading.py and riders.py (the rider's
state at hand), state.py with acceptance.py and seqs.py (which points count, once each), judged.py and batch.py (judged
as they come, stored together), store.py with scripts.py, lua/ and keys.py (one atomic step in Redis), recent.py (put
back after a crash of Redis) and steering.py (when to report next). Then persister.py takes the durable stream to
MongoDB in minute chunks (chunk.py), where tracks.py reads them, export.py writes them as GeoJSON, GPX or polyline, and
day.py tells stops from trips, which dayforms.py writes. fencing.py takes the same stream past the geofences, and
errands.py past the stops and routes of riders' orders.

An accepted fix meets watch.py (who watches its rider), scene.py (the views of an order: delivery.py says how sharply,
pace.py how often), position.py (what the message looks like) and area.py with viewport.py and clusters.py (dispatchers'
maps); partitions.py brings other processes' fixes and fleet.py all of them at once. presence.py knows who is online,
vigil.py does what is due by the clock, silence.py speaks for riders who do not. eta/ knows when riders arrive.
"""
