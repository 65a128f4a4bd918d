"""One way between two places, from whoever can say: a routing server, our own streets, or nobody.

`way.py` is the answer and what a router is. `server.py` asks OSRM or Valhalla over HTTP, `streets.py` the graph of
`ridewire city build`; `chain.py` asks them in turn, behind a breaker each and with a bounded memory.
"""
