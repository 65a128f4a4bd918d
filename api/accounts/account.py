"""What an account is."""

from datetime import datetime
from typing import Literal

import msgspec

AccountRole = Literal["customer", "vendor", "rider", "dispatcher", "admin"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in here. `id` is the `sub` of their tokens; `password` is a hash, empty without one."""

    id: str
    email: str
    role: AccountRole
    name: str
    created_at: datetime
    password: str = ""
    email_verified: bool = False
    disabled: bool = False


class Device(msgspec.Struct, frozen=True):
    """Where somebody signs in from, as far as it is kept: a shortened address and what the program calls itself."""

    address: str = ""
    program: str = ""
