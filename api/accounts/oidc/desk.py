"""From somebody a provider vouches for to a session here: the account that is theirs already, or a new one."""

import secrets
import ssl
import uuid
from collections.abc import Mapping

from api.accounts.account import Account, AccountRole, Device
from api.accounts.desk import AccountDesk, SignedIn, utc_now
from api.accounts.oidc.client import OidcClient
from api.accounts.oidc.flows import Flow, Flows
from api.accounts.oidc.provider import Provider, Who
from api.accounts.rules import email_key, refuse_role
from api.accounts.seals import digest
from api.errors import Refused

LOST = Refused("bad_request", "This attempt is over, or it began in another browser: sign in again.", "state")


class OidcDesk:
    """`providers` by the name they have in our addresses."""

    def __init__(
        self, desk: AccountDesk, flows: Flows, providers: Mapping[str, Provider], trusted: ssl.SSLContext
    ) -> None:
        self.desk, self.flows = desk, flows
        self.clients = {name: OidcClient(provider, trusted) for name, provider in providers.items()}

    async def begin(self, provider: str, role: AccountRole, redirect_uri: str) -> tuple[str, str] | Refused:
        """Where the browser goes, and the secret it keeps until it is back."""
        client = self.clients.get(provider)
        if client is None:
            return Refused("not_found", f"Nobody signs in with {provider} here.")
        if refused := refuse_role(role, None):
            return refused
        secret, verifier, nonce = (secrets.token_urlsafe(48) for _ in range(3))
        flow = Flow(provider=provider, verifier=verifier, nonce=nonce, browser=digest(secret), role=role)
        address = await client.address(redirect_uri, await self.flows.begin(flow), nonce, verifier)
        return address if isinstance(address, Refused) else (address, secret)

    async def finish(
        self, provider: str, state: str, code: str, secret: str, redirect_uri: str, device: Device
    ) -> SignedIn | Refused:
        """The session."""
        flow = await self.flows.end(state)
        if flow is None or flow.provider != provider or not secrets.compare_digest(flow.browser, digest(secret)):
            return LOST
        who = await self.clients[provider].who(code, redirect_uri, flow.nonce, flow.verifier)
        if isinstance(who, Refused):
            self.desk.parts.trail.note("sign_in_failed", "", device, provider=provider)
            return who
        account = await self._account(provider, who, flow.role, device)
        if isinstance(account, Refused):
            return account
        return await self.desk.begin(account, device)

    async def _account(self, provider: str, who: Who, role: AccountRole, device: Device) -> Account | Refused:
        """Theirs by the provider's id for them; else by the address, which the provider has proven; else a new one."""
        store, email = self.desk.parts.store, email_key(who.email)
        linked = await store.of_identity(provider, who.subject)
        account = await store.get(linked) if linked else None
        if account is None:
            account = await store.by_email(email) or await self._new(email, who, role, device)
            if account is None:
                return Refused("conflict", "Somebody else was faster: try again.")
            account = await self._proven(account, device)
            await store.link(provider, who.subject, account.id)
        return Refused("forbidden", "This account is shut.") if account.disabled else account

    async def _new(self, email: str, who: Who, role: AccountRole, device: Device) -> Account | None:
        account = Account(
            id=uuid.uuid4().hex, email=email, role=role, name=who.name[:100], created_at=utc_now(), email_verified=True
        )
        if not await self.desk.parts.store.insert(account):
            return await self.desk.parts.store.by_email(email)
        self.desk.parts.trail.note("registered", account.id, device, role=role)
        return account

    async def _proven(self, account: Account, device: Device) -> Account:
        """The address is theirs. Whoever set a password without having proven it loses it, and every session."""
        if account.email_verified:
            return account
        changed = await self.desk.parts.store.change(account.id, email_verified=True, password="")
        await self.desk.end(account.id)
        self.desk.parts.trail.note("email_verified", account.id, device)
        return changed or account
