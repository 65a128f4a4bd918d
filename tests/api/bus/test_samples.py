"""The plug-ins one may begin from: each is fed with events by a worker and does what its page says."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import loads
from threading import Thread
from typing import Any, ClassVar

import msgspec
import pytest

from events.outbox import Outbox
from events.samples.classifier import LABELS
from infra.clients import Database
from infra.settings import Settings
from tests.api.bus.staffed import staffed
from tests.waiting import until

SAMPLES = tuple(f"events.samples.{name}:PLUGIN" for name in ("payment", "recommendation", "classifier"))
PARTS = ("relay", "plugins")
ITEMS = [{"name": "mango"}, {"name": "rice"}, {"name": "fish"}]


class Provider(BaseHTTPRequestHandler):
    """A payment provider that takes everything but an amount of 13."""

    asked: ClassVar[list[tuple[str, dict[str, Any], str]]] = []

    def do_POST(self) -> None:
        """Answer with a reference, or with 402."""
        body = loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body, self.headers["Idempotency-Key"]))
        self.send_response(402 if body["amount"] == 13 else 200)
        self.end_headers()
        self.wfile.write(b'{"reference": "ref-%d"}' % len(self.asked))

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any], str]]]:
    """What it was asked."""
    Provider.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PAYMENT_URL", f"http://127.0.0.1:{server.server_port}")
    yield Provider.asked
    server.shutdown()
    server.server_close()


def order(number: str, total: int) -> dict[str, Any]:
    """What an order's event tells."""
    return {
        "orderId": number, "userId": "c1", "farmerId": "v1", "items": ITEMS, "totalPrice": total,
        "status": "order_placed", "rev": 1,
    }


async def test_the_samples_pay_recommend_and_label(
    settings: Settings, database: Database, provider: list[tuple[str, dict[str, Any], str]]
) -> None:
    """A charge and its refund with the event's id as key, pairs counted, a label stored; a refused charge is dead."""
    outbox = Outbox(database)
    charged = await outbox.add("ORDER_CREATED", order("o1", 760), session=None)
    await outbox.add("ORDER_CREATED", order("o2", 13), session=None)
    await outbox.add("IMAGE_UPLOADED", {"imageId": "i1", "productId": "p1", "contentHash": "ab"}, session=None)
    async with staffed(msgspec.structs.replace(settings, event_plugins=SAMPLES), PARTS) as staff:
        await until(lambda: database.payments.find_one({"_id": "o1", "state": "charged"}), within_s=20)
        gone = order("o1", 760) | {"change": "status", "before": "order_placed", "status": "cancelled", "rev": 2}
        await outbox.add("ORDER_CANCELLED", gone, session=None)
        await until(lambda: database.payments.find_one({"_id": "o1", "state": "refunded"}), within_s=20)
        await until(lambda: database.labels.find_one({"_id": "i1"}), within_s=20)
        await until(lambda: database.together.count_documents({"times": 2}), within_s=20)
        [dead] = await until(lambda: staff.transport.dead_letters(10), within_s=20)
    assert ("/charges", {"order": "o1", "amount": 760}, charged.id) in provider
    assert ("plugin.payment", "o2") == (dead.queue, (dead.event or {})["data"]["orderId"])
    assert 3 == await database.together.count_documents({"times": 2})
    found = await database.labels.find_one({"_id": "i1"})
    assert found is not None
    assert found["label"] in LABELS
