"""How often one person may say something, over all their sockets in this process: a bucket of tokens. Pure."""

from chat.room import No

SENDS_PER_S, SENDS_AT_ONCE = 20.0, 300
MOST_PEOPLE = 50_000


class Paces:
    """When each person's bucket is full again."""

    def __init__(self) -> None:
        self._full_at_s: dict[str, float] = {}

    def spend(self, person: str, now_s: float) -> No | None:
        """Take one token; a refusal says when there is another."""
        full_at = max(self._full_at_s.get(person, 0.0), now_s) + 1 / SENDS_PER_S
        wait_s = full_at - now_s - SENDS_AT_ONCE / SENDS_PER_S
        if wait_s > 0:
            told = f"Too much is said at once; go on in {wait_s:.1f} s."
            return No("rate_limited", told, after_ms=int(wait_s * 1000) + 1)
        if len(self._full_at_s) >= MOST_PEOPLE:
            self._full_at_s = {each: at for each, at in self._full_at_s.items() if at > now_s}
        self._full_at_s[person] = full_at
        return None
