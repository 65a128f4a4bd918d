"""Where the token secret comes from: the environment, or the data directory of a demo on this machine."""

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from api.tokens import Trust
from infra.settings import BadSetting, load
from notifications.ways.vapid import CURVE, write_private

DEFAULT_DATA = Path(".data")
FILE, PUSH_KEY_FILE = "jwt_secret", "vapid_private_key"


def keep_in(data: Path) -> str:
    """The secret kept under `data`, made at the first call: 48 random bytes, readable by the owner only."""
    path = data / FILE
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return path.read_text().strip()


def keep_push_key_in(data: Path) -> Path:
    """Where the key for Web Push is kept under `data`; made once."""
    path = data / PUSH_KEY_FILE
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(write_private(ec.generate_private_key(CURVE)) + "\n")
    return path


def trust(data: Path = DEFAULT_DATA) -> Trust:
    """What signs tokens here: JWT_SECRET, else what a demo left under `data`; raises BadSetting without either."""
    settings = load()
    ring = (settings.jwt_secret, *settings.jwt_secret_previous) if settings.jwt_secret else ()
    if not ring and (data / FILE).is_file():
        ring = ((data / FILE).read_text().strip(),)
    if not ring:
        raise BadSetting(f"JWT_SECRET is not set and no demo left one in {data}; set it, or name the demo's --data")
    return Trust(secrets=ring, audience=settings.jwt_audience, issuers=settings.jwt_issuers)
