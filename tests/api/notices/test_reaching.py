"""Browsers, contacts and webhooks over HTTP: one's own, checked before they are kept, secrets told once."""

from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from api.commands.vapid import command as vapid
from infra.clients import Database
from infra.settings import Settings
from notifications.ways.vapid import b64, public_bytes, read_private
from tests.api.serving import Service, serving
from tests.notifications.outside import Browser

HOOK = {"url": "https://93.184.215.14/hook", "events": ["order.*"]}


async def test_a_browser_subscribes_and_leaves(service: Service) -> None:
    """Twice is once; the list tells the service and not the endpoint; another person's cannot be removed."""
    person, stranger = service.person("customer", "c1"), service.person("customer", "c2")
    wanted = Browser().subscription("https://93.184.215.14/send/secret-part")
    made = [await person.post("/api/push/subscriptions", wanted) for _ in range(2)]
    assert [201, 201] == [answer.status_code for answer in made], made[0].text
    listed = (await person.get("/api/push/subscriptions")).json()["items"]
    assert [made[0].json()] == listed
    assert "secret-part" not in str(listed)
    assert 404 == (await stranger.delete(f"/api/push/subscriptions/{listed[0]['id']}")).status_code
    assert 204 == (await person.delete(f"/api/push/subscriptions/{listed[0]['id']}")).status_code
    assert [] == (await person.get("/api/push/subscriptions")).json()["items"]
    assert None is (await person.get("/api/push/key")).json()["public_key"]


@pytest.mark.parametrize(("endpoint", "keys", "field"), [
    ("http://93.184.215.14/x", {}, "endpoint"), ("https://127.0.0.1/x", {}, "endpoint"),
    ("https://169.254.169.254/latest", {}, "endpoint"), ("https://[::ffff:10.0.0.1]/x", {}, "endpoint"),
    ("https://93.184.215.14/x", {"p256dh": "A" * 87}, "keys"), ("https://93.184.215.14/x", {"auth": "A" * 24}, "keys"),
])
async def test_a_browser_that_is_none_is_refused(
    service: Service, endpoint: str, keys: dict[str, str], field: str
) -> None:
    """An address inside our network, or keys that encrypt for nobody."""
    wanted = Browser().subscription(endpoint)
    wanted["keys"] |= keys
    answer = await service.person("customer", "c1").post("/api/push/subscriptions", wanted)
    assert (400, field) == (answer.status_code, answer.json()["field"]), answer.text


async def test_contacts_are_set_by_admins(service: Service, database: Database) -> None:
    """Nobody else, not even for oneself: an address that nobody proved could be somebody else's."""
    contact = {"email": "ana@example.com", "phone": "+639171234567"}
    for role, sub in (("customer", "c1"), ("dispatcher", "d1"), ("vendor", "v1")):
        answer = await service.person(role, sub).http.put("/api/contacts/c1", json=contact)  # type: ignore[arg-type]
        assert 403 == answer.status_code
    admin = service.person("admin", "a1")
    assert 204 == (await admin.http.put("/api/contacts/c1", json=contact)).status_code
    reach = await service.app.world.board.book.reach("c1")
    assert ("ana@example.com", "+639171234567") == (reach.contact.email, reach.contact.phone)
    for wrong in ({"email": "no address"}, {"email": "a@b\r\nBcc: c@d"}, {"phone": "0917"}):
        assert 400 == (await admin.http.put("/api/contacts/c1", json=wrong)).status_code


async def test_webhooks_are_kept_by_admins_and_their_secret_is_told_once(service: Service) -> None:
    """Made, listed, changed, given another secret, removed."""
    admin = service.person("admin", "a1")
    assert 403 == (await service.person("vendor", "v1").post("/api/webhooks", HOOK)).status_code
    made = await admin.post("/api/webhooks", HOOK)
    assert 201 == made.status_code, made.text
    hook, secret = made.json()["id"], made.json()["secret"]
    assert secret.startswith("whsec_")
    seen = [(await admin.get(path)).json() for path in ("/api/webhooks", f"/api/webhooks/{hook}")]
    assert secret not in str(seen)
    changed = await admin.http.patch(f"/api/webhooks/{hook}", json={"events": ["#"], "is_on": False})
    assert (["#"], False, HOOK["url"]) == tuple(changed.json()[name] for name in ("events", "is_on", "url"))
    second = (await admin.post(f"/api/webhooks/{hook}/secret")).json()["secret"]
    stored = await service.app.world.board.hooks.get(hook)
    assert stored is not None
    assert (second, secret) == stored.secrets
    assert {"items": [], "next": None} == (await admin.get(f"/api/webhooks/{hook}/deliveries")).json()
    assert {"items": [], "next": None} == (await admin.get("/api/webhooks/dead")).json()
    assert 404 == (await admin.post("/api/webhooks/deliveries/x/replay")).status_code
    assert 204 == (await admin.delete(f"/api/webhooks/{hook}")).status_code
    assert 404 == (await admin.get(f"/api/webhooks/{hook}")).status_code


@pytest.mark.parametrize("url", [
    "http://93.184.215.14/", "https://10.0.0.1/", "https://localhost/", "https://user:pw@93.184.215.14/", "ftp://x.example/",
])
async def test_a_webhook_leads_outside(service: Service, url: str) -> None:
    """Addresses of our own network are refused when they are given."""
    answer = await service.person("admin", "a1").post("/api/webhooks", HOOK | {"url": url})
    assert (400, "url") == (answer.status_code, answer.json()["field"])


async def test_a_key_that_the_command_makes_is_served_to_pages(settings: Settings, database: Database) -> None:
    """`ridewire vapid` prints a setting; `/api/push/key` tells its public half."""
    line: Any = CliRunner().invoke(vapid, []).output.strip()
    name, _, private = line.partition("=")
    assert "VAPID_PRIVATE_KEY" == name
    async with serving(msgspec.structs.replace(settings, vapid_private_key=private)) as service:
        told = (await service.person("customer", "c1").get("/api/push/key")).json()["public_key"]
    assert b64(public_bytes(read_private(private))) == told
