"""Every Redis key and relay topic of accounts, spelled once. Each key has a lifetime, set where it is written."""

ENDED = "sessions"  # relay topic: whose sessions were ended


def session(prefix: str, user: str) -> str:
    """Hash: who is signed in (userId, role, name, email, lastActive). Without it none of the user's sessions counts."""
    return f"{prefix}:session:{user}"


def login(prefix: str, sid: str) -> str:
    """Hash of one session: whose, since when, until when, last used, on which device, its seed and refresh number."""
    return f"{prefix}:login:{sid}"


def logins(prefix: str, user: str) -> str:
    """Sorted set of the user's sessions, by when they began."""
    return f"{prefix}:logins:{user}"


def verification(prefix: str, email: str, purpose: str) -> str:
    """Hash of a code sent to an address: a MAC of it, and how often it was tried."""
    return f"{prefix}:verification:{email}:{purpose}"


def nonce(prefix: str, name: str, nonce: str) -> str:
    """A nonce that a signed call has used up."""
    return f"{prefix}:nonce:{name}:{nonce}"


def oauth(prefix: str, digest: str) -> str:
    """A way to a provider and back, under the hash of its state."""
    return f"{prefix}:oauth:{digest}"


def ticket(prefix: str, digest: str) -> str:
    """A one-time ticket for a socket, under its hash: the actor it lets in."""
    return f"{prefix}:ticket:{digest}"
