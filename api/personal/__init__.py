"""What is kept about one person, handed out or erased; all of it is in one table.

`shelves.py` is the table: which documents of which collection are somebody's, and what becomes of them (pure).
`store.py` hands them out and takes them away, `erasers.py` does what is more than deleting, `copies.py` empties
Redis. `erasure.py` is the stored job that goes on where a process died, `routes.py` takes HTTP, `page.py` writes the
table into the documentation.
"""
