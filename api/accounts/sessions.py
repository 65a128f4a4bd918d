"""Who is signed in, in Redis: a session lives SESSION_S at most, and SESSION_IDLE_S without being used.

`session:{userId}` says who somebody is as long as they are signed in anywhere; deleting it signs them out everywhere.
`login:{sid}` is one session. Whoever cannot ask Redis lets nobody in on a session: the client's exceptions go through.
"""

import secrets
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from api.accounts import keys
from api.accounts.account import Account, Device
from tracking.keys import Arg
from tracking.scripts import Script

LUA = Path(__file__).parent / "lua"
MOST_SESSIONS = 20
GRACE_MS = 10_000  # an answer may get lost, and two tabs may ask at once
OLD, OVER = -1, -2


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One session as it is kept. Times are epoch milliseconds; `number` is that of the newest refresh token."""

    sid: str
    user: str
    seed: bytes
    began: int
    ends: int
    active: int
    number: int = 0
    address: str = ""
    program: str = ""


def as_text(now_ms: int) -> str:
    """The instant as RFC 3339."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Sessions:
    """All sessions. `redis` answers bytes."""

    def __init__(self, redis: Any, prefix: str, *, life_s: int, idle_s: int) -> None:
        self.redis, self.prefix = redis, prefix
        self.life_ms, self.idle_ms = life_s * 1000, min(idle_s, life_s) * 1000
        self._touch, self._rotate = Script("touch", folder=LUA), Script("rotate", folder=LUA)
        self._end, self._rename = Script("end", folder=LUA), Script("rename", folder=LUA)

    async def begin(self, account: Account, device: Device, now_ms: int) -> Login:
        """A new session, with an id that nobody knew before. The oldest ends when there are too many."""
        login = Login(
            sid=uuid.uuid4().hex, user=account.id, seed=secrets.token_bytes(32), began=now_ms, active=now_ms,
            ends=now_ms + self.life_ms, address=device.address, program=device.program,
        )
        fields = msgspec.to_builtins(login, builtin_types=(bytes,))
        del fields["sid"]
        record = {
            "userId": account.id, "role": account.role, "name": account.name, "email": account.email,
            "lastActive": as_text(now_ms),
        }
        who, one, all_of_them = self._keys(account.id, login.sid)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(one, mapping=fields | {"rotated": now_ms})
            pipe.pexpire(one, self.idle_ms)
            pipe.hset(who, mapping=record)
            pipe.pexpire(who, self.life_ms)
            pipe.zadd(all_of_them, {login.sid: now_ms})
            pipe.pexpire(all_of_them, self.life_ms)
            pipe.zrange(all_of_them, 0, -MOST_SESSIONS - 1)
            answers = await pipe.execute()
        for sid in answers[-1]:
            await self.end(account.id, sid.decode())
        return login

    async def is_alive(self, user: str, sid: str, now_ms: int, *, used: bool = True) -> bool:
        """Whether the session still counts; asking counts as using it, unless told otherwise."""
        who, one, _ = self._keys(user, sid)
        args: list[Arg] = [now_ms, self.idle_ms, as_text(now_ms), int(used)]
        return int(await self._touch.run(self.redis, [who, one], args)) > 0

    async def get(self, sid: str) -> Login | None:
        """The session; None when there is none of this id, or no more."""
        kept: dict[bytes, bytes] = await self.redis.hgetall(keys.login(self.prefix, sid))
        if b"seed" not in kept:
            return None
        text = {name.decode(): value.decode() for name, value in kept.items() if name != b"seed"}
        return msgspec.convert(text | {"sid": sid, "seed": kept[b"seed"]}, Login, strict=False)

    async def of_user(self, user: str, now_ms: int) -> list[Login]:
        """The user's sessions, the newest first."""
        found = []
        for sid in await self.redis.zrevrange(keys.logins(self.prefix, user), 0, -1):
            login = await self.get(sid.decode())
            if login is not None and await self.is_alive(user, login.sid, now_ms, used=False):
                found.append(login)
        return found

    async def rotate(self, sid: str, number: int, now_ms: int) -> int:
        """A genuine refresh token was shown: the number of its successor, or OLD, or OVER."""
        answer = await self._rotate.run(self.redis, [keys.login(self.prefix, sid)], [number, now_ms, GRACE_MS])
        return int(answer)

    async def end(self, user: str, sid: str = "", *, but: str = "") -> int:
        """End one session, or all of the user's, or all others; how many there were."""
        who, _, all_of_them = self._keys(user, sid)
        args = [keys.login(self.prefix, ""), sid, but]
        return int(await self._end.run(self.redis, [who, all_of_them], args))

    async def rename(self, account: Account) -> None:
        """The account changed: its record, if it has one, says so too."""
        said = ["role", account.role, "name", account.name, "email", account.email]
        await self._rename.run(self.redis, [keys.session(self.prefix, account.id)], said)

    def _keys(self, user: str, sid: str) -> tuple[str, str, str]:
        prefix = self.prefix
        return keys.session(prefix, user), keys.login(prefix, sid), keys.logins(prefix, user)
