"""The people of the play and what each may ask of the service: every request carries its own person's token."""

import time
from collections.abc import Callable
from typing import Any, Self

import httpx

TOKEN_TTL_S = 3600
AT_ONCE = httpx.Limits(max_connections=20)


class Refusal(Exception):
    """The service said no; `status` is HTTP's, `problem` its RFC 9457 body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(f"HTTP {status}: {problem.get('detail') or problem.get('title') or 'no detail'}")


class People:
    """Everybody who is not on the road. `sign(sub, role, ttl_s)` makes a token."""

    def __init__(self, url: str, sign: Callable[[str, str, int], str]) -> None:
        self.url, self.sign = url, sign
        self._http = httpx.AsyncClient(base_url=url, timeout=10, limits=AT_ONCE)
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.__aexit__(None, None, None)

    def token(self, sub: str, role: str) -> str:
        """A token of this person with at least half its life left."""
        token, half_life = self._tokens.get((sub, role), ("", 0.0))
        if time.monotonic() > half_life:
            token = self.sign(sub, role, TOKEN_TTL_S)
            self._tokens[sub, role] = token, time.monotonic() + TOKEN_TTL_S / 2
        return token

    async def ask(self, sub: str, role: str, method: str, path: str, body: object = None, **headers: str) -> Any:
        """One request as this person; the answer's JSON (None when empty). Raises Refusal, httpx.TransportError."""
        bearer = {"Authorization": f"Bearer {self.token(sub, role)}"}
        answer = await self._http.request(method, path, json=body, headers=bearer | headers)
        content = answer.json() if answer.headers.get("content-type", "").split(";")[0].endswith("json") else None
        if answer.is_error:
            raise Refusal(answer.status_code, content if isinstance(content, dict) else {})
        return content
