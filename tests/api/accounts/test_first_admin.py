"""`ridewire admin create` against a running service: somebody may sign in as an admin where nobody could before."""

import asyncio
import os
import sys

import httpx

from tests.api.accounts.people import PASSWORD, Newcomers
from tests.api.programs import ROOT, printed_by
from tests.api.serving import SECRET


async def create(url: str, email: str, *words: str, secret: str = SECRET) -> tuple[int, str]:
    """The command as a program, with the password on standard input: its exit code and what it printed."""
    given = ["admin", "create", "--email", email, "--url", url, "--password-stdin", *words]
    clean = {name: value for name, value in os.environ.items() if name not in ("JWT_SECRET_FILE", "JWKS_URL")}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.cli", *given, env=clean | {"JWT_SECRET": secret}, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )
    printed = await printed_by(child, f"{PASSWORD}\n".encode())
    return await child.wait(), printed


async def signed_in(newcomers: Newcomers, email: str) -> tuple[str, httpx.Response]:
    """The role somebody signs in with, and what they see of all accounts."""
    answer = await newcomers.post("/api/auth/login", {"email": email, "password": PASSWORD})
    assert 200 == answer.status_code, answer.text
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return answer.json()["user"]["role"], await newcomers.http.get("/api/users", headers=bearer)


async def test_the_first_admin_is_made_from_where_the_secret_is(newcomers: Newcomers) -> None:
    """An admin manages accounts, a dispatcher does not; the same address again changes nothing."""
    url = newcomers.service.url
    told = f"ops@shop.example may sign in at {url}/login as admin\n"
    assert (0, told) == await create(url, "ops@shop.example", "--name", "Ops")
    assert 0 == (await create(url, "desk@shop.example", "--role", "dispatcher"))[0]
    role, seen = await signed_in(newcomers, "ops@shop.example")
    everybody = {each["email"] for each in seen.json()["items"]}
    assert ("admin", {"ops@shop.example", "desk@shop.example"}) == (role, everybody)
    role, seen = await signed_in(newcomers, "desk@shop.example")
    assert ("dispatcher", 403) == (role, seen.status_code)
    assert 0 == (await create(url, "ops@shop.example", "--role", "dispatcher"))[0]
    assert "admin" == (await signed_in(newcomers, "ops@shop.example"))[0]


async def test_another_secret_makes_nobody(newcomers: Newcomers) -> None:
    """The service says no: exit 1; without any secret the command does not even ask: exit 2."""
    refused = await create(newcomers.service.url, "mallory@shop.example", secret="another-" + "x" * 40)
    nothing = await create(newcomers.service.url, "mallory@shop.example", "--data", "/nowhere", secret="")
    assert [(1, ""), (2, "")] == [refused, nothing]
    answer = await newcomers.post("/api/auth/login", {"email": "mallory@shop.example", "password": PASSWORD})
    assert 401 == answer.status_code
