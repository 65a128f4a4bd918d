"""When to come back after a close. The code's range decides, `bye` may name the wait, chance spreads the crowd."""

from client.errors import ConnectionLost

FIRST_CEILING_S = 0.5
LAST_CEILING_S = 20.0
STEADY_AFTER_S = 10.0  # a socket that lived this long starts the count of failures afresh
TOKEN_EXPIRED = 4401
# Closes that say "you spoke wrongly": coming back with the same words would end the same way.
OUR_FAULT = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
# An upgrade refused with one of these may work later; any other 4xx (403: Origin not allowed) will not.
PASSING_STATUS = frozenset({408, 425, 429})


def may_return(lost: ConnectionLost, *, can_renew: bool) -> bool:
    """Whether to come back at all; after the token expired only with a way to get a new one."""
    if lost.status:
        return lost.status >= 500 or lost.status in PASSING_STATUS
    if lost.code == TOKEN_EXPIRED:
        return can_renew
    return lost.retry and lost.code not in OUR_FAULT and not 4500 <= lost.code <= 4999


def wait_s(lost: ConnectionLost, failures: int, chance: float) -> float:
    """How long to wait: within `bye.after_ms`, else full jitter under a ceiling that doubles. `chance` is in [0, 1)."""
    if lost.after_ms is not None:
        shortest, longest = lost.after_ms
        return (shortest + chance * max(0, longest - shortest)) / 1000
    return chance * min(LAST_CEILING_S, FIRST_CEILING_S * 2.0 ** min(failures, 16))
