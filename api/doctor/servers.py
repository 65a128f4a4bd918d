"""The servers that the settings name: do they answer, are they set up to keep what we promise, is their time ours."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from api.doctor.finding import Finding, judge
from infra.probe import Clock, Unreachable, ask_mongo, ask_rabbitmq, ask_redis
from infra.settings import Settings

SKEW_LIMIT_S = 2.0


def look(settings: Settings) -> Iterator[Finding]:
    """A few findings for each server that is named; nothing for one that is not."""
    if settings.redis_url:
        yield from _redis(settings.redis_url)
    if settings.redis_cache_url and settings.redis_cache_url != settings.redis_url:
        yield _cache(settings.redis_cache_url)
    if settings.mongo_url:
        yield from _mongo(settings.mongo_url)
    for url in filter(None, settings.rabbitmq_url.split(",")):
        yield _rabbitmq(url.strip())
    if settings.smtp_url:
        yield _answers("mail server", settings.smtp_url, 25, "is SMTP_URL right? Without it nobody gets e-mail")
    if settings.sms_url:
        yield _answers("SMS gateway", settings.sms_url, 443, "is SMS_URL right? Without it nobody gets text messages")


def _redis(url: str) -> Iterator[Finding]:
    """Version, append-only file, eviction, clock."""
    try:
        facts = ask_redis(url)
    except Unreachable as error:
        yield judge("Redis", False, str(error), "is it running, and is REDIS_URL right? `ridewire demo` embeds one")
        return
    new_enough = _at_least(facts.version, 6, 2)
    yield judge("Redis", new_enough, f"{facts.name} {facts.version}", "Redis 6.2 or newer, or Valkey")
    kept = f"append-only file {'on' if facts.keeps_log else 'off'}"
    yield judge("Redis keeps acks", facts.keeps_log, kept, "redis-cli config set appendonly yes")
    fix = "redis-cli config set maxmemory-policy noeviction"
    yield judge("Redis evicts nothing", facts.evicts == "noeviction", f"maxmemory-policy {facts.evicts}", fix)
    yield _skew("Redis clock", facts.clock)


def _cache(url: str) -> Finding:
    """It answers, and makes room for itself. Without it the service works, only slower."""
    try:
        facts = ask_redis(url)
    except Unreachable as error:
        return judge("cache", False, str(error), "is REDIS_CACHE_URL right?", needed=False)
    fix = "redis-cli config set maxmemory-policy allkeys-lru   # on the cache alone"
    evicts = facts.evicts.startswith("allkeys-")
    return judge("cache", evicts, f"{facts.name} {facts.version}, maxmemory-policy {facts.evicts}", fix, needed=False)


def _answers(name: str, url: str, port: int, fix: str) -> Finding:
    """Whether anything listens there; nothing is sent."""
    where = urlsplit(url)
    spot = f"{where.hostname}:{where.port or port}"
    try:
        with socket.create_connection((where.hostname or "", where.port or port), timeout=3):
            return judge(name, True, spot, "")
    except OSError as error:
        return judge(name, False, f"{spot}: {error.strerror or error}", fix, needed=False)


def _mongo(url: str) -> Iterator[Finding]:
    """Version, replica set, clock."""
    try:
        facts = ask_mongo(url)
    except Unreachable as error:
        yield judge("MongoDB", False, str(error), "is it running, and is MONGO_URL right? `ridewire demo` embeds one")
        return
    yield judge("MongoDB", _at_least(facts.version, 5, 0), facts.version, "MongoDB 5.0 or newer")
    found = f"replica set {facts.replica_set}" if facts.replica_set else "a standalone server: no transactions"
    fix = "start mongod with --replSet rs0, then: mongosh --eval 'rs.initiate()'"
    yield judge("MongoDB transacts", bool(facts.replica_set), found, fix)
    yield _skew("MongoDB clock", facts.clock)


def _rabbitmq(url: str) -> Finding:
    """Whether it lets us in."""
    where = url.rpartition("@")[2]
    try:
        ask_rabbitmq(url)
    except Unreachable as error:
        fix = "is it running, and are name and password right? unset RABBITMQ_URL to do without"
        return judge("RabbitMQ", False, f"{where}: {error}", fix)
    return judge("RabbitMQ", True, where, "")


def _at_least(version: str, major: int, minor: int) -> bool:
    """Whether a dotted version is this one or a later one."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return [*numbers, 0, 0][:2] >= [major, minor]


def _skew(name: str, clock: Clock) -> Finding:
    good = abs(clock.ahead_s) <= SKEW_LIMIT_S + clock.unsure_s
    return judge(name, good, f"{clock.ahead_s:+.3f} s from ours", "timedatectl set-ntp true   # on both machines")
