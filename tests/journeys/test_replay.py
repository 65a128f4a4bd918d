"""A dispatcher plays a rider's day again on the map."""

from datetime import UTC, datetime, time, timedelta

from playwright.async_api import Browser

from tests.journeys.people import DESK, DOOR, SHOP, Phone, Screen, between
from tests.journeys.service import Server, Service, token
from tests.waiting import until

STEPS = 12
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
NOON_MS = round(datetime.combine(YESTERDAY, time(12), UTC).timestamp() * 1000)


async def test_a_dispatcher_replays_a_riders_day(service: Service, server: Server, browser: Browser) -> None:
    """Chosen, opened, played at sixty times the pace: the rider of then runs over the line of the day and pauses."""
    async with Phone(server, "r1") as phone:
        for step in range(STEPS):
            await phone.moves_to(between(SHOP, DOOR, step / STEPS), at_ms=NOON_MS + step * 20_000)
        await phone.moves_to(DOOR)

        async def is_written() -> bool:
            path = f"riders/r1/day?date={YESTERDAY.isoformat()}"
            return bool(STEPS == (await service.call(server, "GET", path, by=("d1", "dispatcher")))["fixes"])

        await until(is_written, within_s=30)
        context = await browser.new_context(viewport=DESK, timezone_id="UTC")
        desk = await Screen.open(context, f"{server.url}/dispatch#token={token('d1', 'dispatcher')}")
        await desk.has("#fleet", "riders", "1")
        await desk.page.click('[data-rider="r1"] button')
        await desk.page.click("#replay-open")
        await desk.page.fill("#replay-date", YESTERDAY.isoformat())
        await desk.says("#replay-rider", "1 trip,")
        await desk.page.select_option("#replay-speed", "60")
        await desk.page.click("#replay-play")
        begun = await desk.data("#replay", "lat")

        async def moved_on() -> bool:
            return await desk.data("#replay", "lat") != begun

        await until(moved_on)
        await desk.says("#replay-play", "Play")  # at the end of the day
        assert f"{between(SHOP, DOOR, (STEPS - 1) / STEPS)[0]:.6f}" == await desk.data("#replay", "lat")
    assert [] == desk.errors_of_ours
