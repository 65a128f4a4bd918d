"""What accounts write to people. It leaves by the `Post` that the composition hands in; NoPost is for none."""

from typing import Protocol

import msgspec


class Letter(msgspec.Struct, frozen=True):
    """An e-mail in plain text. It may hold a code: it is never logged."""

    to: str
    subject: str
    text: str


class Post(Protocol):
    """Where letters go."""

    @property
    def is_on(self) -> bool:
        """Whether e-mail is set up."""

    async def send(self, letter: Letter) -> None:
        """Take the letter; it is delivered later. Raises what the way there raises."""


class NoPost:
    """E-mail is not set up: letters go nowhere, and `/health/detailed` says so."""

    is_on = False

    async def send(self, letter: Letter) -> None:
        """Nothing."""


def verification(email: str, code: str) -> Letter:
    """The code that proves an address."""
    text = f"Your code is {code}. It is good for ten minutes.\n\nIf you did not ask for it, do nothing."
    return Letter(email, "Confirm your address", text)


def password_reset(email: str, code: str) -> Letter:
    """The code that lets one set a new password."""
    text = (
        f"Your code for a new password is {code}. It is good for ten minutes.\n\n"
        "If you did not ask for it, do nothing: your password stays as it is."
    )
    return Letter(email, "Set a new password", text)


def new_address(email: str, code: str) -> Letter:
    """The code that makes this address an account's."""
    text = (
        f"Your code is {code}. It is good for ten minutes, and makes this your account's address.\n\n"
        "If you did not ask for it, do nothing."
    )
    return Letter(email, "Confirm your new address", text)


def address_changed(email: str) -> Letter:
    """To the address that an account had until now."""
    text = (
        "Your account has another e-mail address from now on, and this one is no longer its own. Every other session "
        "has ended.\n\nIf this was not you, somebody knows your password: tell those who run the shop at once."
    )
    return Letter(email, "Your address was changed", text)


def already_here(email: str) -> Letter:
    """To somebody whose address was registered a second time."""
    text = (
        "Somebody, perhaps you, wanted to register with this address, which has an account already.\n\n"
        "Sign in, or set a new password if you do not remember it. If it was not you, do nothing."
    )
    return Letter(email, "You have an account already", text)
