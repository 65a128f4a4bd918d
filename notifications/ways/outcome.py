"""How an attempt to reach somebody can end, besides well. Whatever else is raised may work later."""


class Refused(Exception):
    """The provider will not take this, now or later; the message says why."""


class Gone(Refused):
    """The address no longer leads anywhere: forget it."""


class Busy(Exception):
    """The provider asks to come back after so many seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"come back in {after_s:.0f} s")
        self.after_s = after_s


def judge(status: int, said: str, retry_after: str | None) -> None:
    """Raise what an HTTP status means for what was sent; nothing for 2xx. A redirect is never followed."""
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise Gone(f"answered {status}: {said}")
    if status in (408, 425, 429) or status >= 500:
        if retry_after is not None and retry_after.isdigit():
            raise Busy(min(float(retry_after), 3600.0))
        raise ConnectionError(f"answered {status}: {said}")
    raise Refused(f"answered {status}: {said}")
