"""People with an account here, in the order a request meets the files.

`routes.py` and the other `*_routes.py` take HTTP; `shapes.py` says what bodies look like, `cookie.py` what a browser's
cookie is good for. `desk.py` holds the use cases: register, sign in, refresh, leave. It asks `rules.py` (who may become
what, which passwords will do; pure), has `passwords.py` hash in threads and `store.py` keep an `account.py`, and lets
`mail.py` write. `sessions.py` keeps who is signed in, in Redis, with `seals.py` (pure) making the secrets that only
this service can have made; `revocation.py` closes the sockets of a session that ended. `tickets.py` lets a socket in
once. `code_desk.py` and `email_desk.py` prove addresses by `codes.py`. `parts.py` brings all of it together for a
process.
"""
