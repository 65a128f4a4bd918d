"""What people do with their accounts: register, sign in, stay signed in, leave, change, go for good.

A stranger learns nothing about who has an account: for a known address and an unknown one the answers are the same and
take as long, and what only the owner may know goes by e-mail.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import structlog

from api.accounts import mail
from api.accounts.account import Account, AccountRole, Device
from api.accounts.mail import Letter, Post
from api.accounts.passwords import Passwords
from api.accounts.rules import email_key, refuse_password, refuse_role
from api.accounts.seals import COOKIE, REFRESH, Seals, read
from api.accounts.sessions import OLD, Login, Sessions
from api.accounts.store import AccountStore
from api.audit.trail import Trail
from api.errors import Refused
from api.rates.rates import Rates
from api.rights import Actor

log = structlog.get_logger(__name__)
MOST_WRONG = 20  # passwords tried within a minute for one address, until a right one
WRONG = Refused("bad_credentials", "No account has this address and this password.")
GONE = Refused("revoked", "This session has ended: sign in again.")
MOST_LETTERS, CARRIERS = 1000, 4
AGAIN_AFTER_S = (2.0, 10.0)


class SignedIn(msgspec.Struct, frozen=True):
    """A session with its account; `number` is that of the refresh token to hand out, None for none."""

    account: Account
    login: Login
    number: int | None


class Parts(msgspec.Struct, frozen=True):
    """What the desk is handed. `seals` has the secrets; `ended` tells every process whose sessions are over."""

    store: AccountStore
    passwords: Passwords
    sessions: Sessions
    seals: Seals
    rates: Rates
    trail: Trail
    post: Post
    ended: Callable[[str, str, str], Awaitable[None]]


class AccountDesk:
    """The use cases. Refusals are values."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._letters: asyncio.Queue[Letter] = asyncio.Queue(MOST_LETTERS)

    async def register(
        self, email: str, password: str, role: AccountRole, name: str, by: Actor | None, device: Device
    ) -> Refused | None:
        """Make an account. When the address has one, its owner is told by e-mail, and nobody else."""
        email = email_key(email)
        if refused := refuse_role(role, by) or refuse_password(password, email):
            return refused
        hashed = await self.parts.passwords.hash(password)
        account = Account(
            id=uuid.uuid4().hex, email=email, role=role, name=name, password=hashed, created_at=utc_now()
        )
        if await self.parts.store.insert(account):
            self.parts.trail.note("registered", account.id, device, role=role, by=by.sub if by else "")
        else:
            self.parts.trail.note("register_taken", "", device)
            self.write(mail.already_here(email))
        return None

    async def sign_in(self, email: str, password: str, device: Device) -> SignedIn | Refused:
        """A new session. Guessing is slow: MOST_WRONG a minute for an address, whether anybody has it or not."""
        parts, email = self.parts, email_key(email)
        tries = await parts.rates.tries(email)
        if tries.count > MOST_WRONG:
            return Refused("rate_limited", "Too many attempts for this address; wait.", after_ms=tries.left_ms)
        account = await parts.store.by_email(email)
        verdict = await parts.passwords.verify(account.password if account else "", password)
        if account is None or not verdict.is_right or account.disabled:
            parts.trail.note("sign_in_failed", account.id if account else "", device)
            return WRONG
        await parts.rates.forget(email)
        if verdict.is_dated:
            account = await self._change(account, password=await parts.passwords.hash(password))
        return await self.begin(account, device) if account else WRONG

    async def begin(self, account: Account, device: Device) -> SignedIn | Refused:
        """A session for somebody who has proven who they are; none if the proof was overtaken by a change."""
        login = await self.parts.sessions.begin(account, device, now_ms())
        newest = await self.parts.store.get(account.id)
        if newest is None or newest.disabled or newest.password != account.password:
            await self.end(account.id, login.sid)
            return WRONG
        self.parts.trail.note("signed_in", account.id, device, session=login.sid)
        return SignedIn(newest, login, 0)

    async def refresh(self, token: str, device: Device) -> SignedIn | Refused:
        """The token's successor. A used one gives the same successor for ten seconds, then counts as stolen."""
        shown = read(token, REFRESH)
        login = await self.parts.sessions.get(shown.sid) if shown else None
        if shown is None or login is None or not self.parts.seals.holds("refresh", shown, login.seed):
            return GONE
        if not await self.parts.sessions.is_alive(login.user, login.sid, now_ms()):
            return GONE
        number = await self.parts.sessions.rotate(login.sid, shown.number, now_ms())
        if number == OLD:
            self.parts.trail.note("refresh_reused", login.user, device, session=login.sid)
            await self.end(login.user, login.sid)
        if number < 0:
            return GONE
        return await self._resume(login, number)

    async def by_cookie(self, cookie: str) -> SignedIn | Refused:
        """The session a browser's cookie stands for."""
        shown = read(cookie, COOKIE)
        login = await self.parts.sessions.get(shown.sid) if shown else None
        if shown is None or login is None or not self.parts.seals.holds("cookie", shown, login.seed):
            return GONE
        if not await self.parts.sessions.is_alive(login.user, login.sid, now_ms()):
            return GONE
        return await self._resume(login, None)

    async def _resume(self, login: Login, number: int | None) -> SignedIn | Refused:
        account = await self.parts.store.get(login.user)
        if account is None or account.disabled:
            await self.end(login.user)
            return GONE
        return SignedIn(account, login, number)

    async def leave(self, token: str, device: Device) -> None:
        """Sign out with a refresh token; one that is none changes nothing."""
        shown = read(token, REFRESH)
        login = await self.parts.sessions.get(shown.sid) if shown else None
        if shown and login and self.parts.seals.holds("refresh", shown, login.seed):
            await self.sign_out(login.user, login.sid, device)

    async def sign_out(self, user: str, sid: str, device: Device) -> None:
        """End this session."""
        await self.end(user, sid)
        self.parts.trail.note("signed_out", user, device, session=sid)

    async def end(self, user: str, sid: str = "", *, but: str = "") -> int:
        """End one session, all, or all others: REST at once, sockets in every process; how many there were."""
        ended = await self.parts.sessions.end(user, sid, but=but)
        await self.parts.ended(user, sid, but)
        return ended

    async def _change(self, account: Account, **fields: object) -> Account | None:
        changed = await self.parts.store.change(account.id, **fields)
        if changed is not None:
            await self.parts.sessions.rename(changed)
        return changed

    async def change_me(
        self, actor: Actor, device: Device, *, name: str | None, password: str | None, current: str | None
    ) -> Account | Refused:
        """One's name or password. A new password ends all other sessions."""
        account = await self.parts.store.get(actor.sub)
        if account is None:
            return Refused("not_found", "You have no account here: your token comes from elsewhere.")
        fields: dict[str, object] = {} if name is None else {"name": name}
        if password is not None:
            if not (await self.parts.passwords.verify(account.password, current or "")).is_right:
                return Refused("bad_credentials", "This is not the password until now.", "current_password")
            if refused := refuse_password(password, account.email):
                return refused
            fields["password"] = await self.parts.passwords.hash(password)
        changed = await self._change(account, **fields) if fields else account
        if changed is None:
            return Refused("not_found", "The account is gone.")
        if password is not None:
            self.parts.trail.note("password_changed", actor.sub, device)
            await self.end(actor.sub, but=actor.session)
        return changed

    async def change_user(
        self, user: str, by: Actor, device: Device, *, role: AccountRole | None, disabled: bool | None
    ) -> Account | Refused:
        """An admin gives another role, or shuts somebody out; their sessions end either way."""
        given = {"role": role, "disabled": disabled}
        fields: dict[str, object] = {key: value for key, value in given.items() if value is not None}
        account = await self.parts.store.get(user)
        changed = await self._change(account, **fields) if account and fields else account
        if changed is None:
            return Refused("not_found", f"There is no account {user}.")
        if changed != account:
            said = {key: str(value) for key, value in fields.items()}
            self.parts.trail.note("account_changed", user, device, by=by.sub, **said)
            await self.end(user)
        return changed

    async def erase(self, user: str, device: Device) -> None:
        """The account goes, and everybody who is signed in on it."""
        is_new = await self.parts.store.erase(user)
        await self.end(user)
        if is_new:
            self.parts.trail.note("erased", user, device)

    def write(self, letter: Letter) -> None:
        """Have a letter sent, later, so that no clock can tell whether one was. Too many are dropped."""
        try:
            self._letters.put_nowait(letter)
        except asyncio.QueueFull:
            log.error("a letter was dropped: too many wait", waiting=MOST_LETTERS)

    async def run(self) -> None:
        """Hand letters to the post, a few at a time, for as long as the process lives."""
        async with asyncio.TaskGroup() as carriers:
            for _ in range(CARRIERS):
                carriers.create_task(self._carry())

    async def _carry(self) -> None:
        while True:
            letter = await self._letters.get()
            for wait_s in (*AGAIN_AFTER_S, None):
                try:
                    await self.parts.post.send(letter)
                    break
                except Exception as error:  # the post may be anything; whoever waits for the letter asks again
                    log.warning("a letter was not taken", error=type(error).__name__, again_in_s=wait_s)
                    if wait_s is not None:
                        await asyncio.sleep(wait_s)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The same in epoch milliseconds."""
    return time.time_ns() // 1_000_000
