"""Where riders are now: near search, watchers, presence, silence, and a Redis that forgot our scripts."""

import redis.asyncio as aioredis

from tests.tracking.conftest import Process, StartProcess
from tests.tracking.rides import START_LAT, START_LNG, Answers, now_ms, point, ride, send
from tests.waiting import until
from tracking import keys
from tracking.forgetting import forget

DAY_MS = 86_400_000


async def reported(process: Process, *points: object, rider: str = "r1") -> None:
    """Report the points and wait for the ack."""
    answers = Answers()
    send(process.reporter, answers, list(points), rider=rider)  # type: ignore[arg-type]
    await until(lambda: answers)


async def near(process: Process, radius_m: float, limit: int = 10, *, later_ms: int = 0) -> list[str]:
    """Names of the riders near the start."""
    found = await process.store.near(START_LAT, START_LNG, radius_m, limit, now_ms=now_ms() + later_ms)
    return [fix.rider for fix, _ in found]


async def test_a_rider_who_left_is_not_near_any_more(process: Process) -> None:
    """The newest position decides, also when an older bucket still holds the old place."""
    old, fresh = now_ms() - 110_000, now_ms() - 1000
    await reported(process, point(1, start_ms=old - 1000, lng=START_LNG))
    await reported(process, point(2, start_ms=fresh - 2000, lng=START_LNG + 0.03))
    assert ([], ["r1"]) == (await near(process, 500), await near(process, 5000))


async def test_those_who_left_take_no_places_among_the_nearest(process: Process) -> None:
    """More candidates are asked for until the limit is filled with riders who are really there."""
    bucket = keys.bucket(process.store.prefix, now_ms())
    for number in range(30):
        await reported(process, point(1, start_ms=now_ms() - 2000, lng=START_LNG + 0.5), rider=f"gone{number}")
        await process.store.redis.geoadd(bucket, (START_LNG, START_LAT, f"gone{number}"))
    await reported(process, point(1, start_ms=now_ms() - 2000, lng=START_LNG + 0.001), rider="here")
    assert ["here"] == await near(process, 1000, limit=2)


async def test_a_silent_rider_is_near_nothing(process: Process) -> None:
    """Two minutes after the last fix the rider is absent."""
    await reported(process, point(1, start_ms=now_ms() - 1000))
    assert (["r1"], []) == (await near(process, 1000, later_ms=110_000), await near(process, 1000, later_ms=121_000))


async def test_an_exact_radius_is_kept(process: Process) -> None:
    """The index is rough by half a percent; the answer is not."""
    await reported(process, point(1, start_ms=now_ms() - 1000, lng=START_LNG + 0.01))
    (_, away_m), = await process.store.near(START_LAT, START_LNG, 5000, 1)
    assert ([], ["r1"]) == (await near(process, away_m - 0.1), await near(process, away_m + 0.1))


async def test_the_poles_can_be_reported(process: Process) -> None:
    """Redis' map ends at 85 degrees: a fix beyond is stored, and only not searchable."""
    await reported(process, point(1, start_ms=now_ms() - 1000, lat=89.0))
    assert 89.0 == (await process.store.newest(["r1"]))["r1"].lat


async def test_position_buckets_expire(process: Process, redis_client: aioredis.Redis, prefix: str) -> None:
    """A GEO member has no lifetime of its own, so its key has."""
    await reported(process, *ride([1], now_ms() - 2000))
    bucket = keys.bucket(prefix, now_ms() - 1000)
    assert 0 < await redis_client.ttl(bucket) <= keys.BUCKET_TTL_S


async def test_riders_silent_for_ten_days_are_forgotten(
    process: Process, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Their state leaves Redis with all that hangs on it, and so does an old wish to watch them; others stay."""
    await reported(process, *ride([1], now_ms() - 2000))
    await process.store.mark_watched(["r1"], ttl_s=11 * DAY_MS / 1000)
    await redis_client.hset(keys.fence_states(prefix), "r1", b"state")
    assert 0 == await forget(redis_client, prefix, now_ms() + 9 * DAY_MS)
    assert 1 == await forget(redis_client, prefix, now_ms() + 10 * DAY_MS + 60_000)
    assert {} == await process.store.newest(["r1"])
    assert {} == await redis_client.hgetall(keys.fence_states(prefix))
    assert 1 == await forget(redis_client, prefix, now_ms() + 12 * DAY_MS)
    assert 0 == await redis_client.exists(keys.watched(prefix))


async def test_a_rider_is_online_while_any_connection_lives(process: Process) -> None:
    """Connections are counted by name and die by themselves when nobody speaks for them."""
    store = process.store
    await store.online(["r1"], "one", ttl_s=60)
    await store.online(["r1"], "two", ttl_s=60)
    await store.online(["r2"], "dead", ttl_s=-1)
    await store.offline("r1", "one")
    assert {"r1"} == await store.who_is_online(["r1", "r2", "r3"])
    await store.offline("r1", "two")
    assert set() == await store.who_is_online(["r1"])


async def test_each_silence_is_told_once(start_process: StartProcess) -> None:
    """Whoever asks first takes the riders who fell silent; reporting again makes them heard again."""
    process: Process = await start_process(heard_every_s=0.0)
    await reported(process, *ride([1], now_ms() - 5000))
    assert [] == await process.store.newly_silent(60)
    assert ["r1"] == [rider for rider, _ in await process.store.newly_silent(-1)]
    assert [] == await process.store.newly_silent(-1)
    await reported(process, *ride([2], now_ms() - 5000))
    assert ["r1"] == [rider for rider, _ in await process.store.newly_silent(-1)]


async def test_a_server_that_forgot_the_script_is_taught_again(process: Process, redis_client: aioredis.Redis) -> None:
    """NOSCRIPT is answered with the source; no report is lost to it."""
    await reported(process, *ride([1], now_ms() - 5000))
    await redis_client.script_flush()
    await reported(process, *ride([2], now_ms() - 5000))
    assert 2 == (await process.store.newest(["r1"]))["r1"].seq
