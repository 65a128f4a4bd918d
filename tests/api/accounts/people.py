"""Somebody who signs up, in, and out over HTTP."""

from typing import Any

import httpx

from tests.api.serving import Person, Service, asking

PASSWORD = "violet-anchor-42"
COOKIE = "__Host-ridewire"


class Member(Person):
    """Somebody signed in on an account."""

    def __init__(self, url: str, told: dict[str, Any], cookie: str) -> None:
        super().__init__(url, told["access_token"], told["user"]["id"])
        self.told, self.cookie = told, cookie
        self.refresh_token: str = told["refresh_token"]

    async def is_signed_in(self) -> bool:
        """Whether the access token still counts."""
        return (await self.get("/api/users/me")).status_code == 200

    def browser(self, **headers: str) -> dict[str, str]:
        """What a page of ours sends instead of a token; a header given as empty is left out."""
        sent = {"Cookie": f"{COOKIE}={self.cookie}", "Origin": self.url, "X-CSRF-Token": self.told["csrf_token"]}
        return {name: value for name, value in (sent | headers).items() if value}


class Newcomers:
    """Calls without a token, and members made by them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.http = asking(service.url)
        service.stack.push_async_callback(self.http.aclose)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """A call by nobody known."""
        return await self.http.post(path, **({} if body is None else {"json": body}), **options)

    async def register(self, name: str = "ana", role: str = "customer") -> httpx.Response:
        """Sign up."""
        body = {"email": f"{name}@shop.example", "password": PASSWORD, "role": role, "name": name.title()}
        return await self.post("/api/auth/register", body)

    async def register_with(self, **fields: Any) -> httpx.Response:
        """Sign up as Ana, but for these fields."""
        body = {"email": "ana@shop.example", "password": PASSWORD}
        return await self.post("/api/auth/register", body | fields)

    async def login(self, name: str = "ana", password: str = PASSWORD) -> httpx.Response:
        """Sign in."""
        return await self.post("/api/auth/login", {"email": f"{name}@shop.example", "password": password})

    async def member(self, name: str = "ana", role: str = "customer") -> Member:
        """Somebody signed in; signs up first when they are new."""
        if (answer := await self.login(name)).status_code != 200:
            assert 201 == (await self.register(name, role)).status_code
            answer = await self.login(name)
        assert 200 == answer.status_code, answer.text
        return self.of(answer)

    def of(self, answer: httpx.Response) -> Member:
        """Whoever these tokens are for."""
        member = Member(self.service.url, answer.json(), answer.headers["set-cookie"].split("=", 1)[1].split(";")[0])
        self.service.stack.push_async_callback(member.http.aclose)
        return member
