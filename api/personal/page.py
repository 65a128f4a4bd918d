"""docs/personal-data.md: where a person's data lie and what erasing does there. Made of the table in `shelves.py`."""

from api.personal.shelves import KEPT, KEPT_KEYS, SHELVES

TOP = """# What is kept about a person

Made from `api/personal/shelves.py` by `script/docs`. A test erases a customer, a shop and a rider who did everything,
and looks into every collection and every key.

`GET /api/users/me/export` hands out all of it: the account, its sessions, and every collection below that has a name in
the second column, the newest thousand documents of each. `more` says where orders, words and tracks are read by pages.

`DELETE /api/users/me` erases it. The request is written down first, as a job (`erasures`): should the process die,
another goes on. It is done at once and a minute later again, for what was under way. Words in conversations lose their
text and their writer's name; a shop's products are withdrawn, its pictures go; appointments to come are cancelled. The
id of an account is random, so what stays under it leads to nobody; a person with a token of your own backend keeps the
id that you gave them.
"""
LEAN = """
## What goes
| collection | in the export as |
|---|---|
| `accounts` | `user` |
"""
REST = """
## What stays, and why
| collection or key | why, and how long |
|---|---|
"""


def page() -> str:
    """The whole page."""
    gone = [shelf for shelf in SHELVES if shelf.end == "erased"]
    rows = [f"| `{shelf.collection}` | {f'`{shelf.shown}`' if shelf.shown else '–'} |" for shelf in gone]
    kept = [f"| `{name}` | {why} |" for name, why in KEPT.items()]
    keys = [f"| Redis: `{name}…` | {why} |" for name, why in KEPT_KEYS.items()]
    return TOP + LEAN + "\n".join(rows) + "\n" + REST + "\n".join([*kept, *keys]) + "\n"
