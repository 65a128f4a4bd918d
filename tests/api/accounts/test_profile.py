"""One's own account is kept in the cache under its documented key for ten minutes, and never shown after a change."""

from typing import Any

from tests.api.accounts.people import Newcomers

ME = "/api/users/me"


async def test_a_profile_is_kept_for_ten_minutes_and_renewed_by_every_change(
    newcomers: Newcomers, redis_client: Any, prefix: str
) -> None:
    """A changed name and a changed role show in the next answer; what another issuer says is not kept."""
    ana, admin = await newcomers.member(), newcomers.service.person("admin", "a1")
    key = f"{prefix}:user:profile:{ana.sub}"
    assert "Ana" == (await ana.get(ME)).json()["name"]
    assert 590 <= await redis_client.ttl(key) <= 600
    assert "Ana" == (await ana.get(ME)).json()["name"]
    assert 200 == (await ana.http.patch(ME, json={"name": "Ana Maria"})).status_code
    assert 0 == await redis_client.exists(key)
    assert "Ana Maria" == (await ana.get(ME)).json()["name"]
    assert 200 == (await admin.http.patch(f"/api/users/{ana.sub}", json={"role": "vendor"})).status_code
    again = await newcomers.member()
    assert "vendor" == (await again.get(ME)).json()["role"]
    foreign = newcomers.service.person("rider", "r1")
    assert [False, False] == [(await foreign.get(ME)).json()["local"] for _ in range(2)]
    assert 0 == await redis_client.exists(f"{prefix}:user:profile:r1")

