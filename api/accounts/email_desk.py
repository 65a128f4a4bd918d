"""Another e-mail address for an account: who knows the password proves the new one by a code, and the old one hears.

Until the code comes back nothing changes. An address that somebody has already gets the same answer, and its owner a
letter; so nobody learns here who has an account.
"""

from api.accounts import mail
from api.accounts.account import Account, Device
from api.accounts.code_desk import HOUR_MS, MOST_CODES, NOT_RIGHT
from api.accounts.codes import Codes
from api.accounts.desk import AccountDesk
from api.accounts.rules import email_key
from api.accounts.store import Taken
from api.errors import Refused
from api.rights import Actor

ELSEWHERE = Refused("not_found", "You have no account here: your token comes from elsewhere.")


def purpose(account_id: str) -> str:
    """What the code is for: it moves this account, no other."""
    return f"change_email.{account_id}"


class EmailDesk:
    """The two steps."""

    def __init__(self, desk: AccountDesk, codes: Codes) -> None:
        self.desk, self.codes = desk, codes

    async def ask(self, actor: Actor, email: str, password: str, device: Device) -> Refused | None:
        """Send a code to the new address, at most MOST_CODES an hour for an account and for an address."""
        parts, email = self.desk.parts, email_key(email)
        account = await parts.store.get(actor.sub)
        if account is None:
            return ELSEWHERE
        if not (await parts.passwords.verify(account.password, password)).is_right:
            parts.trail.note("code_failed", account.id, device, purpose="change_email")
            return Refused("bad_credentials", "This is not your password.", "current_password")
        if email == account.email:
            return Refused("bad_request", "This is your address already.", "email")
        mine = await parts.rates.of_letters(f"{account.id}:change_email", HOUR_MS)
        if mine.count > MOST_CODES:
            return Refused("rate_limited", "Too many codes for one hour; wait.", after_ms=mine.left_ms)
        if (await parts.rates.of_letters(f"{email}:change_email", HOUR_MS)).count > MOST_CODES:
            return None
        code = await self.codes.make(email, purpose(account.id))
        is_taken = await parts.store.by_email(email) is not None
        self.desk.write(mail.already_here(email) if is_taken else mail.new_address(email, code))
        parts.trail.note("code_sent", account.id, device, purpose="change_email")
        return None

    async def confirm(self, actor: Actor, email: str, code: str, device: Device) -> Account | Refused:
        """The address is the account's from now on; all other sessions end, and the old address is told."""
        parts, email = self.desk.parts, email_key(email)
        before = await parts.store.get(actor.sub)
        if before is None:
            return ELSEWHERE
        if not await self.codes.take(email, purpose(before.id), code):
            parts.trail.note("code_failed", before.id, device, purpose="change_email")
            return NOT_RIGHT
        try:
            after = await parts.store.change(before.id, email=email, email_verified=True)
        except Taken:
            return NOT_RIGHT
        if after is None:
            return ELSEWHERE
        await parts.sessions.rename(after)
        parts.trail.note("email_changed", after.id, device)
        self.desk.write(mail.address_changed(before.email))
        await self.desk.end(after.id, but=actor.session)
        return after
