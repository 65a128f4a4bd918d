"""Who may call what, written down for every endpoint.

`endpoint.py` says what an endpoint may ask of a caller, `endpoints.py` is the table, `page.py` makes
docs/rights.md of it.
"""
