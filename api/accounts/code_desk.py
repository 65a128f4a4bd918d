"""Codes by e-mail: asking for one, proving an address with it, setting a new password with it."""

from api.accounts import mail
from api.accounts.account import Device
from api.accounts.codes import Codes, Purpose
from api.accounts.desk import AccountDesk
from api.accounts.rules import email_key, refuse_password
from api.errors import Refused

MOST_CODES, HOUR_MS = 5, 3_600_000
NOT_RIGHT = Refused("bad_code", "This code is not right, or it was used, or it is older than ten minutes.", "code")
LETTERS = {"verify": mail.verification, "password_reset": mail.password_reset}


class CodeDesk:
    """The use cases; what they change goes through the desk of accounts."""

    def __init__(self, desk: AccountDesk, codes: Codes) -> None:
        self.desk, self.codes = desk, codes

    async def send(self, email: str, purpose: Purpose, device: Device) -> None:
        """A new code to the address's owner, if there is one. Beyond MOST_CODES an hour the last one stays as it is."""
        parts, email = self.desk.parts, email_key(email)
        if (await parts.rates.of_letters(f"{email}:{purpose}", HOUR_MS)).count > MOST_CODES:
            return
        account = await parts.store.by_email(email)
        code = await self.codes.make(email, purpose)
        if account is None or account.disabled or (purpose == "verify" and account.email_verified):
            return
        parts.trail.note("code_sent", account.id, device, purpose=purpose)
        self.desk.write(LETTERS[purpose](email, code))

    async def verify(self, email: str, code: str, device: Device) -> Refused | None:
        """The address is its owner's."""
        email = email_key(email)
        account = await self.desk.parts.store.by_email(email)
        if not await self.codes.take(email, "verify", code) or account is None:
            self.desk.parts.trail.note("code_failed", account.id if account else "", device, purpose="verify")
            return NOT_RIGHT
        await self.desk.parts.store.change(account.id, email_verified=True)
        self.desk.parts.trail.note("email_verified", account.id, device)
        return None

    async def reset(self, email: str, code: str, password: str, device: Device) -> Refused | None:
        """A new password, and the end of every session. Who reads the mailbox has proven the address, too."""
        email = email_key(email)
        if refused := refuse_password(password, email):
            return refused
        parts = self.desk.parts
        account = await parts.store.by_email(email)
        if not await self.codes.take(email, "password_reset", code) or account is None or account.disabled:
            parts.trail.note("code_failed", account.id if account else "", device, purpose="password_reset")
            return NOT_RIGHT
        hashed = await parts.passwords.hash(password)
        await parts.store.change(account.id, password=hashed, email_verified=True)
        parts.trail.note("password_reset", account.id, device)
        await self.desk.end(account.id)
        return None
