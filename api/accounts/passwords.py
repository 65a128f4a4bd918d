"""Passwords are hashed with argon2id in a few threads: the loop never waits, and memory is bounded by their number."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.errors import Refusal

MEMORY_KIB, TIME_COST, LANES = 19_456, 2, 1  # OWASP's floor: 19 MiB and some 40 ms a hash
AT_ONCE, MOST_WAITING = 2, 100
_HASHER = PasswordHasher(TIME_COST, MEMORY_KIB, LANES)
Answer = TypeVar("Answer")


class Verdict(msgspec.Struct, frozen=True):
    """`is_right`: the password is the one that was set. `is_dated`: its hash was made with other parameters."""

    is_right: bool
    is_dated: bool = False


@cache
def _nobodys() -> str:
    """What a password is compared with where there is no account."""
    return _HASHER.hash("a password that nobody has")


class Passwords:
    """Work beyond MOST_WAITING is refused `unavailable`, so that a flood of sign-ins cannot pile up."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._nobodys = _nobodys()
        self._under_way = 0

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await self._do(lambda: _HASHER.hash(password))

    async def verify(self, kept: str, password: str) -> Verdict:
        """Is it this one? Without a hash to compare with it takes just as long and the answer is no."""
        return await self._do(lambda: self._compare(kept, password))

    def _compare(self, kept: str, password: str) -> Verdict:
        try:
            _HASHER.verify(kept or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return Verdict(False)
        return Verdict(bool(kept), bool(kept) and _HASHER.check_needs_rehash(kept))

    async def _do(self, work: Callable[[], Answer]) -> Answer:
        if self._under_way >= MOST_WAITING:
            raise Refusal("unavailable", "Too many people sign in just now.", after_ms=2000)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1
