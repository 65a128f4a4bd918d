"""The edge: bytes and HTTP in, use cases called, bytes out; the only package that speaks Litestar.

`cli.py` and commands/ start things: `serve.py` one serving process, `worker.py` what runs behind it. `app.py` opens
clients, `routing.py` puts HTTP together, `world.py` wires a process' parts, `supervisor.py` keeps its background alive.
A socket's messages meet socket/, then channels/. A request meets `bodies.py`, `bearer.py` (asking `identity.py`, and
that `tokens.py`, `jwks.py` or a share link), the routes in orders/, riders/ and phones/, `pages.py` or `tiles.py`.
`requests.py` names each, `rights.py` says who may do what, `errors.py` what a refusal means, `problems.py` and
`headers.py` how it leaves.
`health.py` with `checks.py`, `circuits.py` and `measures.py`, told by `health_routes.py`, and `description.py` are for
those who run the service or write against it.
"""
