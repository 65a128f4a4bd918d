"""What workers hear of fences: going in and out, and a rider who comes near a stop, each with its alert."""

import pytest

from api.geofences.alerts import Alerts
from api.geofences.told import told
from events.kinds import check
from events.outbox import Outbox
from geo.fences.events import Event, Kind
from infra.clients import Database
from infra.embedded.valkey import Valkey
from live.feed import LogFeed
from live.hub import Hub
from live.relay import Relay
from live.store import ChannelLog

ORDER = {"customer": "c1", "vendor": "v1"}


def said(kind: Kind = "enter", fence: str = "f1", *, order: str | None = None, late: bool = False) -> Event:
    """Something a fence told."""
    return Event("e1", fence, kind, "r1", 1000, 14.6, 120.98, late=late, order=order)


@pytest.mark.parametrize(("step", "place", "within_m"), [
    ("dropoff:near", "door", 500), ("dropoff:arriving", "door", 100), ("pickup:door", "shop", 40),
])
def test_each_step_of_arrival_is_told_with_its_people(step: str, place: str, within_m: int) -> None:
    """The shop or the door, and the ring that was entered."""
    type_, data = told(said(fence=step, order="o1"), "", ORDER) or ("", {})
    assert ("RIDER_ARRIVING", "c1", "v1", place, within_m) == (
        type_, data["userId"], data["farmerId"], data["place"], data["withinM"],
    )
    assert data == check(type_, data)


def test_workers_hear_of_in_and_out_and_not_of_what_is_late_or_something_else() -> None:
    """Dwelling, crossing and speeding stay with the fence's own log."""
    assert "GEOFENCE_EXIT" == (told(said("exit"), "Market", None) or ("",))[0]
    for event in (said("dwell"), said("speeding"), said(late=True), said(fence="dropoff:near", order="gone")):
        assert told(event, "Market", None) is None


async def test_an_alert_and_its_event_are_written_together_and_once(
    database: Database, valkey: Valkey, prefix: str
) -> None:
    """Told twice, it stands once in both places."""
    log, outbox, relay = ChannelLog(database), Outbox(database), Relay(valkey.url, prefix)
    await outbox.ensure_indexes()
    alerts = Alerts(database, log, LogFeed(Hub(), log, relay), name_of=str)
    for _ in range(2):
        await alerts.record([said()])
    await relay.close()
    [event] = await outbox.waiting(10)
    assert ("GEOFENCE_ENTER", "f1", "r1") == (event.type, event.data["fenceId"], event.data["riderId"])
