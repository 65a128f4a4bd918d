"""Events in a running process. `opening.py` chooses the broker, `plugins.py` finds reactions that others wrote,
`staff.py` is what a worker does: relay, consumers, and a watch over them. `roll.py` lets workers be counted,
`gauges.py` is what metrics and health say, `routes.py` the dead letters over HTTP.
"""
