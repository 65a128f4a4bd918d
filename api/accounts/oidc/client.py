"""Asking a provider: its description, its keys, and who it was that came back with a code. Every call has its time."""

import ssl
import time
from typing import Any

import httpx
import jwt
import msgspec
import structlog
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from api.accounts.oidc.provider import SCOPE, Found, Provider, Who, refuse_found, who_is
from api.errors import Refused
from api.jwks import Jwks
from api.tokens import PUBLISHED, read_header

log = structlog.get_logger(__name__)
ASK_S, FRESH_S, SKEW_S = 5.0, 3600.0, 60.0
MOST_BYTES = 256 * 1024
AWAY = Refused("unavailable", "The provider cannot be asked just now.", after_ms=5000)
NOT_BELIEVED = Refused("bad_token", "The provider's answer is not genuine: try again.")


class OidcClient:
    """One provider. OAuth's own words are oauthlib's, signatures PyJWT's. `trusted`: believed TLS certificates."""

    def __init__(self, provider: Provider, trusted: ssl.SSLContext) -> None:
        self.provider, self.trusted = provider, trusted
        self._words = WebApplicationClient(provider.client_id)
        self._found: Found | None = None
        self._keys: Jwks | None = None
        self._found_at_s = float("-inf")

    async def address(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str | Refused:
        """Where to send the browser: with state, nonce, and PKCE's challenge."""
        found = await self._discover()
        if isinstance(found, Refused):
            return found
        challenge = self._words.create_code_challenge(verifier, "S256")
        address: str = self._words.prepare_request_uri(
            found.authorization_endpoint, redirect_uri=redirect_uri, scope=list(SCOPE), state=state, nonce=nonce,
            code_challenge=challenge, code_challenge_method="S256",
        )
        return address

    async def who(self, code: str, redirect_uri: str, nonce: str, verifier: str) -> Who | Refused:
        """Whom the code stands for."""
        found = await self._discover()
        if isinstance(found, Refused):
            return found
        body = self._words.prepare_request_body(
            code=code, redirect_uri=redirect_uri, code_verifier=verifier, include_client_id=False
        )
        login = httpx.BasicAuth(self.provider.client_id, self.provider.client_secret)
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            text = await self._ask("POST", found.token_endpoint, content=body, headers=form, auth=login)
            answer = self._words.parse_request_body_response(text.decode())
        except (httpx.HTTPError, TimeoutError, OAuth2Error, ValueError) as error:
            log.warning("a provider gave no tokens", provider=self.provider.name, error=type(error).__name__)
            return NOT_BELIEVED if isinstance(error, httpx.HTTPStatusError | OAuth2Error) else AWAY
        claims = await self._claims(str(answer.get("id_token", "")))
        return claims if isinstance(claims, Refused) else who_is(claims, self.provider, nonce)

    async def _claims(self, id_token: str) -> dict[str, Any] | Refused:
        """What the ID token says, once its signature, issuer, audience and dates are right."""
        header = read_header(id_token)
        if isinstance(header, Refused) or header.alg not in PUBLISHED or self._keys is None:
            return NOT_BELIEVED
        key = await self._keys.key(header.kid)
        if key is None or isinstance(key, Refused):
            return key or NOT_BELIEVED
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token, key.key, algorithms=[header.alg] if key.algorithm_name == header.alg else [],
                audience=self.provider.client_id, issuer=self.provider.issuer, leeway=SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            log.warning("an ID token was not believed", provider=self.provider.name, error=type(error).__name__)
            return NOT_BELIEVED
        return claims

    async def _discover(self) -> Found | Refused:
        """The provider's description, looked up each hour; an old one will do while the provider is away."""
        if self._found is not None and time.monotonic() - self._found_at_s < FRESH_S:
            return self._found
        address = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = msgspec.json.decode(await self._ask("GET", address), type=Found)
            why = refuse_found(found, self.provider)
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
        if why is not None:
            log.warning("a provider's description cannot be used", provider=self.provider.name, error=why)
            return self._found or AWAY
        if self._keys is None or self._keys.url != found.jwks_uri:
            self._keys = Jwks(found.jwks_uri, self.trusted)
        self._found, self._found_at_s = found, time.monotonic()
        return found

    async def _ask(self, method: str, address: str, **options: Any) -> bytes:
        parts = bytearray()
        async with (
            httpx.AsyncClient(timeout=ASK_S, follow_redirects=False, trust_env=False, verify=self.trusted) as client,
            client.stream(method, address, **options) as answer,
        ):
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                parts += part
                if len(parts) > MOST_BYTES:
                    raise ValueError(f"the answer is longer than {MOST_BYTES} bytes")
        return bytes(parts)
