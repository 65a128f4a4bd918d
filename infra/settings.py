"""Every setting, read once from the environment into one frozen struct.

A secret NAME may also stand in a file named by NAME_FILE. Nothing else in the project reads the environment.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec

KNOWN_WEAK_SECRETS = frozenset(
    {"secret", "changeme", "change-me", "password", "admin", "admin123", "harvest123", "guest"}
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_SECRET_BYTES = 32


class BadSetting(ValueError):
    """A setting is missing or wrong; the message names it and says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment said. Field NAME is variable NAME in upper case; durations are seconds unless named."""

    redis_url: str = ""
    redis_cache_url: str = ""
    mongo_url: str = ""
    mongo_db: str = "ridewire"
    rabbitmq_url: str = ""
    rabbitmq_exchange: str = "harvest_hub"
    event_plugins: tuple[str, ...] = ()
    jwt_secret: str = ""
    jwt_secret_previous: tuple[str, ...] = ()
    jwks_url: str = ""
    jwt_issuers: tuple[str, ...] = ()
    jwt_audience: str = "ridewire"
    oidc_issuers: tuple[str, ...] = ()
    oidc_client_ids: tuple[str, ...] = ()
    oidc_client_secrets: tuple[str, ...] = ()
    oidc_ca_file: str = ""
    signing_keys: tuple[str, ...] = ()
    session_s: int = 86400
    session_idle_s: int = 900
    access_token_s: int = 900
    rate_limit_per_minute: int = 60
    rate_limit_staff_per_minute: int = 6000
    rate_limit_address_per_minute: int = 300
    audit_retention_s: int = 365 * 86400
    allowed_origins: tuple[str, ...] = ()
    public_url: str = ""
    durability: str = "redis"
    key_prefix: str = "rw"
    log_level: str = "info"
    map_style_url: str = "https://tiles.openfreemap.org/styles/liberty"
    city_dir: str = ""
    routing_url: str = ""
    demo_links: tuple[str, ...] = ()
    track_retention_s: int = 90 * 86400
    chat_retention_s: int = 0
    flush_floor_ms: int = 25
    drain_s: float = 20.0
    rider_capacity: int = 2
    offer_s: float = 30.0
    dispatchers: tuple[str, ...] = ()
    cache_ttl_product_list: int = 60
    cache_ttl_product_single: int = 300
    cache_ttl_inventory: int = 30
    cache_ttl_products: int = 300
    cache_ttl_user_orders: int = 300
    cache_ttl_user_profile: int = 600
    cache_ttl_analytics: int = 3600
    cache_ttl_today: int = 60
    watermark: str = ""
    activity_retention_s: int = 30 * 86400
    smtp_url: str = ""
    mail_from: str = "Ridewire <no-reply@localhost>"
    sms_url: str = ""
    sms_token: str = ""
    vapid_private_key: str = ""
    vapid_subject: str = "mailto:operator@localhost"
    outbound_allow: tuple[str, ...] = ()
    currency: str = "USD"
    rider_pay_base: int = 200
    rider_pay_per_km: int = 50
    promise_s: float = 2700.0
    max_sockets: int = 20000
    max_sockets_per_user: int = 10

    def __repr__(self) -> str:
        """What differs from the defaults, without values: URLs hold passwords, and a traceback may print any object."""
        return f"Settings({', '.join(name for name, _ in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for coloured tracebacks, which do not ask for the one above."""
        fields = msgspec.structs.fields(self)
        return [(field.name, "set") for field in fields if getattr(self, field.name) != field.default]


def _read(environ: Mapping[str, str], name: str) -> str | None:
    """The variable, or the content of the file NAME_FILE names."""
    path = environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from error
    return environ.get(name)


def _redis_url(environ: Mapping[str, str]) -> str:
    """REDIS_URL, or one built from REDIS_HOST, REDIS_PORT, REDIS_PASSWORD and REDIS_DB."""
    url = _read(environ, "REDIS_URL")
    if url or not environ.get("REDIS_HOST"):
        return url or ""
    password = _read(environ, "REDIS_PASSWORD")
    login = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{login}{environ['REDIS_HOST']}:{environ.get('REDIS_PORT', '6379')}/{environ.get('REDIS_DB', '0')}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises BadSetting for one that cannot be used."""
    environ = os.environ if environ is None else environ
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        text = _read(environ, field.name.upper())
        if text is None or text == "":
            continue
        if field.type == tuple[str, ...]:
            given[field.name] = tuple(part.strip() for part in text.split(",") if part.strip())
        else:
            given[field.name] = text
    given["redis_url"] = _redis_url(environ)
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSetting(f"a setting has the wrong form: {error}") from error
    if settings.durability not in ("redis", "mongo"):
        raise BadSetting(f"DURABILITY is {settings.durability!r}; it must be 'redis' or 'mongo'")
    return settings


def check_for_service(settings: Settings) -> None:
    """Refuse to serve without what serving needs; raises BadSetting with the first missing thing."""
    check_for_work(settings)
    check_secrets(settings)


def check_for_work(settings: Settings) -> None:
    """Refuse to work without servers; raises BadSetting with the first missing one."""
    for name in ("redis_url", "mongo_url"):
        if not getattr(settings, name):
            raise BadSetting(f"{name.upper()} is not set; set it, or run `ridewire demo`, which embeds servers")
    for name in ("redis_url", "redis_cache_url", "mongo_url", "rabbitmq_url"):
        for url in getattr(settings, name).split(","):
            _check_login(name.upper(), url.strip())


def _check_login(name: str, url: str) -> None:
    """Refuse a password that everybody knows, except for a server of this machine alone."""
    login = re.match(r"[a-z+]+://([^@/]*)@([^/?,]*)", url)
    if login is None or login[2].rsplit(":", 1)[0].strip("[]") in LOOPBACK:
        return
    if unquote(login[1].partition(":")[2]).lower() in KNOWN_WEAK_SECRETS:
        raise BadSetting(f"the password in {name} is known to everybody; script/secrets makes one that is not")


def check_secrets(settings: Settings) -> None:
    """Refuse secrets that are missing or can be guessed; raises BadSetting."""
    if not settings.jwt_secret and not settings.jwks_url:
        raise BadSetting("neither JWT_SECRET nor JWKS_URL is set; make a secret with `openssl rand -base64 48`")
    for name, secret in (
        ("JWT_SECRET", settings.jwt_secret), *(("JWT_SECRET_PREVIOUS", old) for old in settings.jwt_secret_previous),
        *(("SIGNING_KEYS", pair.partition("=")[2] or pair) for pair in settings.signing_keys),
    ):
        if secret and (len(secret.encode()) < SHORTEST_SECRET_BYTES or secret.lower() in KNOWN_WEAK_SECRETS):
            raise BadSetting(f"{name} is weak; it needs at least {SHORTEST_SECRET_BYTES} random bytes")
