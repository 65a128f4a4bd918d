"""Signing in with somebody else's login (OpenID Connect), in the order it happens.

`provider.py` says who that may be (pure), `routes.py` sends the browser there and takes it back, `flows.py` remembers
in between, `client.py` asks the provider who it was, and `desk.py` finds or makes the account.
"""
