"""docs/rights.md: for every endpoint, who gets in. Made of the table and of `may`; a test drives every cell."""

from api.matrix.endpoint import ROLES, word
from api.matrix.endpoints import ENDPOINTS

TOP = """# Who may call what

Made from `api/matrix/endpoints.py` and `api/rights.py` by `script/docs`; `tests/api/matrix` calls every endpoint as
every role, on things of one's own and of others, and compares. `own`: what is one's own, `all`: also what is not, `–`:
neither. *guest* is a share link, *nobody* has no token.

A stranger to a thing mostly hears 404, so that ids cannot be fished for; a party without the right hears 403.
"""


def page() -> str:
    """The whole page."""
    heads = ["nobody", *ROLES]
    lines = [TOP, f"| endpoint | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, endpoint in ENDPOINTS.items():
        cells = [word(endpoint, role) for role in (None, *ROLES)]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
