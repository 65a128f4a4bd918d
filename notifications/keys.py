"""Every Redis key and relay topic of notifications, spelled once."""

INBOX_LIFE_S = 7 * 86_400
TALLY_LIFE_S = 86_400


def inbox(prefix: str, rider: str) -> str:
    """Hash of what a rider has not read yet: notification id to its message; lives seven days."""
    return f"{prefix}:notifications:rider:{rider}"


def tally(prefix: str, sub: str) -> str:
    """Hash: a copy of how much one person has not read; see copies.py for its fields."""
    return f"{prefix}:notifications:tally:{sub}"


def person_topic(sub: str) -> str:
    """Relay topic: how much somebody has not read, and what was just read."""
    return f"notices:{sub}"
