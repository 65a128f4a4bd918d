"""The table of docs/notifications.md, made from the rules that do the work."""

from pathlib import Path

from notifications.rules import RULES, Rule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "notifications.md"
BEGIN, END = "<!-- rules -->", "<!-- end of rules -->"
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
HEAD = (
    "event", "who is told", "while the order is", "priority", "if nobody confirms", "in any case", "about", "expires"
)


def life(seconds: int) -> str:
    """Seconds in the largest unit that fits."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}"


def row(rule: Rule) -> str:
    """One row."""
    cells = (
        f"`{rule.event}`", rule.to, ", ".join(rule.while_) or "–", rule.priority, ", then ".join(rule.fallback) or "–",
        ", ".join(rule.also) or "–", rule.subject, life(rule.life_s),
    )
    return "| " + " | ".join(cells) + " |"


def table() -> str:
    """All rows under their heads."""
    return "\n".join(["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|", *(row(rule) for rule in RULES)])


def page() -> str:
    """The page with the table as it is now."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"
