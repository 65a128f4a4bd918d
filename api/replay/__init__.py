"""Recorded trips become riders again.

`trip` is what every file is read into, by `csv_trips`, `gpx_trips` and `geojson_trips`, which `files` chooses from;
`dating` says when each point is sent and which fix time it then bears; `fleet` sends them, one session a rider, and
watches; `stored` compares the track that the service kept; `tally` counts what came of it.
"""
