"""Accounts' parts for one process, brought together."""

import ssl
from functools import cache
from typing import Any

from litestar.datastructures import State

from api.accounts.code_desk import CodeDesk
from api.accounts.codes import Codes
from api.accounts.cookie import actor_by_cookie
from api.accounts.desk import AccountDesk, Parts, utc_now
from api.accounts.email_desk import EmailDesk
from api.accounts.mail import NoPost, Post
from api.accounts.oidc.desk import OidcDesk
from api.accounts.oidc.flows import Flows
from api.accounts.oidc.provider import providers
from api.accounts.passwords import Passwords
from api.accounts.revocation import Revocation
from api.accounts.seals import Seals
from api.accounts.sessions import Sessions
from api.accounts.signed_calls import SignedCalls
from api.accounts.smtp import SmtpPost
from api.accounts.store import AccountStore, Forget
from api.accounts.tickets import Tickets
from api.audit.refusals import Refusals
from api.audit.store import AuditStore
from api.audit.trail import Trail
from api.health import OFF, Check
from api.rates.rates import Rates
from api.socket.sockets import Sockets
from api.supervisor import Supervisor
from api.tokens import Trust
from infra.clients import Database
from infra.hotline import HotLine
from infra.settings import Settings
from live.relay import Relay

COUNT_S = 2.0


@cache
def _trusted(ca_file: str) -> ssl.SSLContext:
    """The system's certificates and those of the file, read once in a process: 25 ms of CPU."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


class Accounts:
    """`trust` signs and seals; `forget` drops what is cached of somebody.

    `watch_sockets` is called once, when the sockets there are to close are there.
    """

    def __init__(
        self, settings: Settings, db: Database, redis: Any, trust: Trust, forget: Forget, post: Post | None = None
    ) -> None:
        self.settings, self.trust = settings, trust
        self.store = AccountStore(db, forget)
        self.trail = Trail(AuditStore(db, settings.audit_retention_s), utc_now)
        self.sessions = Sessions(
            redis, settings.key_prefix, life_s=settings.session_s, idle_s=settings.session_idle_s
        )
        self.tickets = Tickets(redis, settings.key_prefix)
        self.line = HotLine(settings.redis_url, timeout_s=COUNT_S)
        self.rates = Rates(settings, redis, self.line)
        self.passwords = Passwords()
        self.post = post or (SmtpPost(settings.smtp_url, settings.mail_from) if settings.smtp_url else NoPost())
        self.signed_calls = SignedCalls(settings, redis, self.trail)
        self._redis = redis

    def watch_sockets(self, relay: Relay, sockets: Sockets) -> None:
        """Sessions that end close these."""
        self.revocation = Revocation(self.sessions, relay, sockets.close_where, sockets.actors)
        self.desk = AccountDesk(Parts(
            store=self.store, passwords=self.passwords, sessions=self.sessions, seals=Seals(self.trust.secrets),
            rates=self.rates, trail=self.trail, post=self.post, ended=self.revocation.ended,
        ))
        settings, redis = self.settings, self._redis
        codes = Codes(redis, settings.key_prefix, self.trust.secrets)
        self.codes, self.emails = CodeDesk(self.desk, codes), EmailDesk(self.desk, codes)
        known = providers(settings.oidc_issuers, settings.oidc_client_ids, settings.oidc_client_secrets)
        self.oidc = OidcDesk(self.desk, Flows(redis, settings.key_prefix), known, _trusted(settings.oidc_ca_file))

    async def ensure_indexes(self) -> None:
        """Make what MongoDB must have before the first request."""
        await self.store.ensure_indexes()
        await self.trail.store.ensure_indexes()

    def keep(self, supervisor: Supervisor) -> None:
        """Start everything that runs in the background."""
        for name, work in (
            ("revocation", self.revocation.run), ("letters", self.desk.run), ("audit", self.trail.run)
        ):
            supervisor.keep(name, work)

    def publish(self, state: State) -> None:
        """What handlers take from the application's state."""
        state.accounts, state.tickets, state.rates = self.desk, self.tickets, self.rates
        state.trail, state.trust, state.by_cookie = self.trail, self.trust, actor_by_cookie
        state.note_refusal = Refusals(self.trail).note
        state.codes, state.emails, state.oidc = self.codes, self.emails, self.oidc
        state.by_signature = self.signed_calls.actor

    async def close(self) -> None:
        """What was noted is written before anything is closed."""
        self.passwords.close()
        await self.line.aclose()
        await self.trail.flush()

    def checks(self) -> list[Check]:
        """What health asks of accounts."""
        return [Check("email", self._look_at_post, needed=False)]

    async def _look_at_post(self) -> str:
        return "letters leave" if self.post.is_on else OFF
