"""A marketplace played through the real service: `city.market` says what happens, this says it over REST and sockets.

`town` finds streets to ride on, `people` are the customers, shops and dispatchers with their tokens, `journal` carries
each order's events to the service in order, `play` runs the clock and the riders' phones.
"""
