"""Whoever tries to sign in is counted by the address they really come from, whatever they claim."""

from pathlib import Path

import msgspec

from infra.settings import Settings
from tests.api.programs import Program
from tests.api.serving import asking, serving
from tests.api.test_processes import serve

MOST = 3


async def tries(url: str, *claims: str) -> list[int]:
    """What each attempt to sign in gets, under the addresses that it claims."""
    body = {"email": "ana@shop.example", "password": "not-the-one"}
    async with asking(url) as http:
        return [
            (await http.post("/api/auth/login", json=body, headers={"X-Forwarded-For": claim})).status_code
            for claim in claims
        ]


async def test_a_claimed_address_counts_for_nothing_without_a_trusted_proxy(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """A new X-Forwarded-For for each attempt: they are one caller's all the same."""
    more = {"FORWARDED_ALLOW_IPS": "172.28.7.10", "RATE_LIMIT_ADDRESS_PER_MINUTE": str(MOST)}
    _, url = await serve(programs, tmp_path / "serve.log", env | more)
    claims = [f"203.0.113.{number}" for number in range(MOST + 1)]
    assert [401] * MOST + [429] == await tries(url, *claims)


async def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_saw(settings: Settings, database: object) -> None:
    """What a client wrote stands to the left of what the proxy adds, and is not looked at; others are not shut out."""
    async with serving(msgspec.structs.replace(settings, rate_limit_address_per_minute=MOST)) as service:
        spoofed = [f"198.51.100.{number}, 203.0.113.7" for number in range(MOST + 1)]
        assert [401] * MOST + [429] == await tries(service.url, *spoofed)
        assert [401] == await tries(service.url, "198.51.100.1, 203.0.113.8")
