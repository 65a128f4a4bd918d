"""What account requests and answers look like. Requests are closed to unknown fields."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from api.accounts.account import Account, AccountRole
from api.accounts.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD
from api.orders.shapes import Body

Email = Annotated[
    str, msgspec.Meta(max_length=254, pattern=r"^[^\s@:\x00-\x1f\x7f]{1,64}@[^\s@:\x00-\x1f\x7f]+\.[^\s@:.]+$",
                      examples=["ana@shop.example"])
]
NewPassword = Annotated[
    str, msgspec.Meta(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, examples=["violet-anchor-42"])
]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PASSWORD, examples=["violet-anchor-42"])]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["Ana"])]
Code = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$", examples=["042137"])]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class Register(Body, frozen=True):
    """A new account. Staff roles need an admin's token."""

    email: Email
    password: NewPassword
    role: AccountRole = "customer"
    name: Name | None = None


class SignIn(Body, frozen=True):
    """Who wants in."""

    email: Email
    password: Password


class Refresh(Body, frozen=True):
    """The newest refresh token; a browser leaves it out and shows its cookie."""

    refresh_token: Secret | None = None


class ChangeMe(Body, frozen=True):
    """What to change of oneself. A new password needs the old one."""

    name: Name | None = None
    password: NewPassword | None = None
    current_password: Password | None = None


class ChangeUser(Body, frozen=True):
    """What an admin may change of others. Either ends their sessions."""

    role: AccountRole | None = None
    disabled: bool | None = None


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; the answer is the same for an address that has an account already, whose owner is told."""

    email: str
    role: AccountRole
    name: str


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody. `local`: with an account here; others come with tokens of another issuer."""

    id: str
    role: str
    name: str
    local: bool
    email: str | None = None
    email_verified: bool = False
    disabled: bool = False
    created_at: datetime | None = None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A session's secrets. `csrf_token` goes into X-CSRF-Token wherever the cookie stands for the access token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme
    expires_in: int
    refresh_token: str | None
    csrf_token: str
    user: UserView


class SessionNow(msgspec.Struct, frozen=True, kw_only=True):
    """Who the cookie says is here."""

    csrf_token: str
    user: UserView


class Ticket(msgspec.Struct, frozen=True):
    """For the socket's `auth`: once, within `expires_in` seconds."""

    ticket: str
    expires_in: int


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """One place where somebody is signed in. `address` is shortened to a network."""

    id: str
    current: bool
    began_at: datetime
    last_active: datetime
    ends_at: datetime
    address: str
    program: str


class SessionList(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[SessionView]


class UserPage(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts by id; `next` is the `after` of the next page, null on the last."""

    items: list[UserView]
    next: str | None


def view(account: Account) -> UserView:
    """The account as an answer."""
    return UserView(
        id=account.id, role=account.role, name=account.name, local=True, email=account.email,
        email_verified=account.email_verified, disabled=account.disabled, created_at=account.created_at,
    )
