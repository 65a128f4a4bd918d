"""The wire contract as documents: what clients may say and what they hear, described from the types that do the work.

`said.py` has a type for every message the server sends; what clients say is `api.socket.commands`. `asyncapi.py` makes
one AsyncAPI document of both, `page.py` the page for people. `script/docs` writes them into docs/.
"""
