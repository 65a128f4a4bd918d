"""The settings: can they be read, and are they enough for the purpose."""

from collections.abc import Iterator

from api.doctor.finding import Finding, Purpose, judge
from infra.settings import BadSetting, Settings, check_for_service


def look(settings: Settings, purpose: Purpose) -> Iterator[Finding]:
    """What `serve` would say, and what a deployment should not forget."""
    if purpose != "serve":
        embedded = [name for name in ("redis_url", "mongo_url") if not getattr(settings, name)]
        names = " and ".join(name.upper() for name in embedded)
        yield Finding("settings", "ok", f"{names} not set: embedded servers" if embedded else "the servers are named")
        return
    try:
        check_for_service(settings)
    except BadSetting as error:
        yield Finding("settings", "wrong", str(error), "see .env.example")
    else:
        yield Finding("settings", "ok", "enough to serve")
    told = ", ".join(settings.allowed_origins) or "none: no browser on another address may connect"
    fix = "ALLOWED_ORIGINS=https://your.site"
    yield judge("ALLOWED_ORIGINS", bool(settings.allowed_origins), told, fix, needed=False)
    yield judge("PUBLIC_URL", bool(settings.public_url), settings.public_url or "not set", "PUBLIC_URL=https://your.site",
                needed=False)
