"""Ways out, against real servers on this machine: push, mail, gateways that fail, hang and redirect."""

import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import aiosmtplib
import httpx
import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from calls.guard import CircuitOpen
from notifications.notice import Notice
from notifications.ways.addresses import Allowed, Forbidden
from notifications.ways.egress import Egress, open_client
from notifications.ways.gate import Gate
from notifications.ways.letter import letter, link_of
from notifications.ways.mail import Mail
from notifications.ways.outcome import Busy, Gone, Refused
from notifications.ways.sms import Sms
from notifications.ways.vapid import CURVE, BadKey, check_browser_keys, read_private, write_private
from notifications.ways.webpush import Subscription, WebPush
from tests.notifications.outside import (
    HANG,
    Asked,
    Browser,
    http_server,
    mail_server,
    push_service,
    unpadded,
)

FAR_MS = 4_000_000_000_000
LOCAL = Allowed(["127.0.0.1/32"])


def notice(**fields: Any) -> Notice:
    base = Notice(
        id="n" + "a" * 24, user="c1", role="customer", kind="order.arriving", title="Order 7 is arriving",
        body="Your rider <b>is</b> almost there.", data={"order": "o7"}, priority="high", created_ms=1_795_000_000_000,
        expires_ms=FAR_MS, collapse="order:o7", fallback=("push",),
    )
    return msgspec.structs.replace(base, **fields)


def gate() -> Gate:
    return Gate("test", timeout_s=5, per_s=1000)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The client that asks the outside."""
    async with open_client() as client:
        yield client


def to(browser: Browser, endpoint: str) -> Subscription:
    keys = browser.subscription(endpoint)["keys"]
    return Subscription("b1", endpoint, keys["p256dh"], keys["auth"])


async def test_a_push_can_be_read_by_its_browser_alone(client: httpx.AsyncClient) -> None:
    """The push service checks the sender and sees nothing; the browser decrypts what was to be said."""
    browser, key = Browser(), ec.generate_private_key(CURVE)
    async with push_service() as service:
        push = WebPush(Egress(client, LOCAL), gate(), key, "mailto:ops@example.com")
        await push.send(notice(), to(browser, f"{service.url}/send/1"))
        (came,) = service.came
        assert b"arriving" not in came.body
        shown = browser.read(came.body)
        assert ("Order 7 is arriving", {"order": "o7"}) == (shown["title"], shown["data"])
        assert ("high", True) == (came.headers["urgency"], 0 < len(came.headers["topic"]) <= 32)
        with pytest.raises(InvalidTag):
            Browser().read(came.body)


async def test_a_newer_push_of_a_subject_takes_the_olders_place(client: httpx.AsyncClient) -> None:
    """Of one topic the push service keeps the newest; another subject is another topic."""
    browser = Browser()
    async with push_service() as service:
        push = WebPush(Egress(client, LOCAL), gate(), ec.generate_private_key(CURVE), "mailto:ops@example.com")
        for title, collapse in (("first", "order:o7"), ("second", "order:o7"), ("other", "order:o8")):
            await push.send(notice(title=title, collapse=collapse), to(browser, f"{service.url}/send/1"))
        kept = sorted(browser.read(asked.body)["title"] for asked in service.kept.values())
        assert ["other", "second"] == kept


@pytest.mark.parametrize(("status", "expected"), [
    (410, Gone), (404, Gone), (400, Refused), (413, Refused), (429, ConnectionError), (500, ConnectionError),
])
async def test_what_a_push_service_says_is_understood(
    client: httpx.AsyncClient, status: int, expected: type[Exception]
) -> None:
    """A browser that is gone, a push that will never be taken, a service to be asked later."""
    async with push_service() as service:
        service.answers.append(status)
        push = WebPush(Egress(client, LOCAL), gate(), ec.generate_private_key(CURVE), "mailto:ops@example.com")
        with pytest.raises(expected):
            await push.send(notice(), to(Browser(), f"{service.url}/send/1"))


def test_keys_survive_being_written() -> None:
    """A key comes back as it was; what is none is named; a browser's keys are checked."""
    key = ec.generate_private_key(CURVE)
    assert key.private_numbers() == read_private(write_private(key)).private_numbers()
    for wrong in ("", "AAAA", "é", unpadded(bytes(32)), unpadded(b"\xff" * 32)):
        with pytest.raises(BadKey):
            read_private(wrong)
    good = Browser().subscription("https://push.example/1")["keys"]
    check_browser_keys(**good)
    for change in ({"p256dh": unpadded(b"\x04" + bytes(64))}, {"auth": "AAAA"}, {"p256dh": good["auth"]}):
        with pytest.raises(BadKey):
            check_browser_keys(**good | change)


async def test_an_email_has_text_and_html_and_no_markup_of_others() -> None:
    """A real mail server takes it; what people wrote is text in both parts; its id is the notification's."""
    async with mail_server() as (box, url):
        mail = Mail(gate(), url, "Ridewire <no-reply@ridewire.example>", "https://track.example")
        await mail.send(notice(title="Hello\nBcc: all@example.com"), "ana@example.com")
        (sent,) = box.letters
    assert (["ana@example.com"], "Hello Bcc: all@example.com") == (box.recipients, sent["Subject"])
    assert f"<n{'a' * 24}@ridewire.example>" == sent["Message-ID"]
    assert sent["Bcc"] is None
    text, html = (str(part.get_payload(decode=True), "utf-8") for part in sent.get_payload())  # type: ignore
    assert "<b>is</b>" in text
    assert "&lt;b&gt;is&lt;/b&gt;" in html
    assert "https://track.example/preferences" in text
    assert "<https://track.example/preferences>" == sent["List-Unsubscribe"]


async def test_a_mailbox_that_is_not_there_is_forgotten_and_a_busy_one_is_not() -> None:
    """550 is for good, 451 for now, a server that is away too; an address that is none is refused here."""
    async with mail_server() as (box, url):
        mail = Mail(gate(), url, "no-reply@ridewire.example", "")
        box.refusals += ["550 No such user", "451 Try later"]
        with pytest.raises(Gone):
            await mail.send(notice(), "nobody@example.com")
        with pytest.raises(ConnectionError):
            await mail.send(notice(), "busy@example.com")
        with pytest.raises(Refused):
            await mail.send(notice(), "two\nlines@example.com")
        await mail.send(notice(), "ana@example.com")
        assert 1 == len(box.letters)
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await mail.send(notice(), "ana@example.com")


@pytest.mark.parametrize(("role", "data", "link"), [
    ("vendor", {"room": "order_o7"}, "/chat/order_o7"), ("customer", {"order": "o/7"}, "/track#order=o%2F7"),
    ("vendor", {"order": "o7"}, "/vendor"), ("vendor", {"product": "p1"}, "/vendor"),
    ("rider", {"order": "o7"}, "/ride"), ("dispatcher", {"order": "o7", "rider": "r1"}, "/dispatch"),
    ("vendor", {}, ""), ("customer", {}, ""),
])
def test_a_letter_leads_to_its_room_its_order_or_the_page_of_its_role(
    role: str, data: dict[str, Any], link: str
) -> None:
    """In both parts; without anything to look at, or without PUBLIC_URL, there is no link."""
    said = notice(role=role, data=data)
    written = letter(said, "a@b.example", "c@d.example", "https://track.example")
    plain, html = (body.get_content() if (body := written.get_body((kind,))) else "" for kind in ("plain", "html"))
    leads = (f"https://track.example{link}\n" in plain, f'https://track.example{link}">Look at it' in html)
    assert (bool(link), bool(link)) == leads
    assert "" == link_of(said, "")


async def test_a_text_message_is_given_to_the_gateway_with_a_key_against_twice(client: httpx.AsyncClient) -> None:
    """To, text and id as JSON, the token in the header."""
    async with http_server(lambda asked: 202) as gateway:
        await Sms(client, gate(), f"{gateway.url}/sms", "token-1").send(notice(), "+639171234567")
        (asked,) = gateway.asked
    assert {"id": notice().id, "to": "+639171234567", "text": f"{notice().title}. {notice().body}"} == (
        msgspec.json.decode(asked.body)
    )
    assert ("Bearer token-1", notice().id) == (asked.headers["authorization"], asked.headers["idempotency-key"])


async def test_a_gateway_that_fails_hangs_or_redirects_took_nothing(client: httpx.AsyncClient) -> None:
    """Each is told apart: to be tried later, when it says, or never; nothing follows a redirect."""
    async with http_server(lambda asked: 200) as trap:
        answers: list[int | tuple[int, dict[str, str]]] = [
            500, (429, {"Retry-After": "7"}), 400, (302, {"Location": trap.url}), HANG,
        ]
        async with http_server(lambda asked: answers.pop(0)) as gateway:
            sms = Sms(client, Gate("sms", timeout_s=0.5, per_s=1000), f"{gateway.url}/sms", "")
            for expected in (ConnectionError, Busy, Refused, Refused, TimeoutError):
                with pytest.raises(expected):
                    await sms.send(notice(), "+639171234567")
        assert 0 == trap.connections


async def test_a_provider_that_keeps_failing_is_left_alone(client: httpx.AsyncClient) -> None:
    """After five failures nobody connects; a refusal is an answer and counts as none."""
    async with http_server(lambda asked: 400 if len(gateway.asked) <= 8 else 503) as gateway:
        sms = Sms(client, gate(), f"{gateway.url}/sms", "")
        for _ in range(8):
            with pytest.raises(Refused):
                await sms.send(notice(), "+639171234567")
        for _ in range(5):
            with pytest.raises(ConnectionError):
                await sms.send(notice(), "+639171234567")
        with pytest.raises(CircuitOpen):
            await sms.send(notice(), "+639171234567")
        assert 13 == gateway.connections
        assert (2.0, 1) == (sms.gate.guard.level, sms.gate.guard.counts["not_asked"])


async def test_more_than_the_rate_waits_its_turn_and_too_much_is_put_off() -> None:
    """A provider is not asked faster than agreed, and nobody waits for ever."""
    slow, times = Gate("slow", timeout_s=5, per_s=0.2), list[int]()

    async def call() -> None:
        times.append(1)

    await slow.ask(call)
    slow._next_s += 10
    with pytest.raises(Busy):
        await slow.ask(call)
    assert 1 == len(times)


FORBIDDEN = [
    "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://127.1:{port}/", "https://0x7f.1:{port}/",
    "https://2130706433:{port}/", "https://0177.0.0.1:{port}/", "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/", "https://[::ffff:7f00:1]:{port}/", "https://localhost:{port}/",
    "https://localhost.:{port}/", "https://0.0.0.0:{port}/", "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
    "https://[fd00::1]/", "https://[fe80::1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://224.0.0.1/", "https://255.255.255.255/", "ftp://127.0.0.1:{port}/", "file:///etc/passwd",
    "https://user:pass@127.0.0.1:{port}/", "https://127.0.0.1:{port}\\@public.example/", "https:///", "gopher://x/",
    "https://public.example:{port}/ x", "https://①②⑦.⓪.⓪.①:{port}/", "https://" + "a" * 2000 + "/",
]


@pytest.mark.parametrize("url", FORBIDDEN, ids=[str(number) for number in range(len(FORBIDDEN))])
async def test_nobody_leads_us_to_a_private_address(client: httpx.AsyncClient, url: str) -> None:
    """However the address is written: refused, and nothing connects."""
    async with http_server(lambda asked: 200) as trap:
        with pytest.raises((Forbidden, ConnectionError)):
            await Egress(client, Allowed()).post(url.format(port=trap.port), b"", {})
        assert 0 == trap.connections


async def test_a_name_that_changes_its_meaning_is_asked_once(client: httpx.AsyncClient) -> None:
    """The address that was checked is the one connected to, and the server still hears the name."""
    asked_for: list[str] = []

    async def rebinding(host: str, port: int) -> list[Any]:
        asked_for.append(host)
        return [ipaddress.ip_address("127.0.0.1" if len(asked_for) == 1 else "127.0.0.2")]

    async with http_server(lambda asked: 200) as good, http_server(lambda asked: 200, "127.0.0.2", good.port) as trap:
        egress = Egress(client, LOCAL, resolve=rebinding)
        answer = await egress.post(f"http://shop.example:{good.port}/x?y=1", b"{}", {})
        assert (200, "ok", 0) == (answer.status, answer.said, trap.connections)
        (asked,) = good.asked
        assert (f"shop.example:{good.port}", "/x?y=1") == (asked.headers["host"], asked.path)
        with pytest.raises(Forbidden):
            await egress.post(f"http://shop.example:{good.port}/", b"", {})
        assert 0 == trap.connections


async def test_one_private_address_among_public_ones_is_enough_to_refuse(client: httpx.AsyncClient) -> None:
    """A name is judged by all that it means."""

    async def mixed(host: str, port: int) -> list[Any]:
        return [ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("10.0.0.1")]

    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        await Egress(client, Allowed(), resolve=mixed).post("https://shop.example/", b"", {})


async def test_a_redirect_is_an_answer_and_a_hanging_server_is_left(client: httpx.AsyncClient) -> None:
    """Nothing is followed, and one call takes no longer than it may."""
    async with http_server(lambda asked: 200) as trap:
        def respond(asked: Asked) -> int | tuple[int, dict[str, str]]:
            return (302, {"Location": f"{trap.url}/steal"}) if asked.path == "/away" else HANG

        async with http_server(respond) as server:
            egress = Egress(client, LOCAL, timeout_s=0.5)
            assert 302 == (await egress.post(f"{server.url}/away", b"", {})).status
            with pytest.raises(TimeoutError):
                await egress.post(f"{server.url}/hang", b"", {})
        assert 0 == trap.connections
