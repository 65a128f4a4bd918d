"""Values that carry the tokens of their tags, in one round trip each: looked for, with the lock to load them, and kept.

A value is true as long as its tags have the tokens that they had before it was loaded.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from api.cache import keys
from api.cache.calls import Calls
from tracking.scripts import Evaluator, Source

TAG_TTL_S = 86_400
LOCK_MS = 5000

# A value whose tokens are true, or the tokens as they are now and whether the lock was free and is ours: one way there
# and back. A tag without a token gets the one that is given for it.
LOOK = """
local now = {}
for place = 3, #KEYS do
  local token = redis.call('GET', KEYS[place])
  if not token then
    token = ARGV[place]
    redis.call('SET', KEYS[place], token, 'EX', ARGV[2])
  end
  now[#now + 1] = token
end
local tokens, kept = table.concat(now, '.'), redis.call('GET', KEYS[1])
if kept then
  local ends = string.find(kept, '\\n', 1, true)
  if ends and string.sub(kept, 1, ends - 1) == tokens then return {tokens, string.sub(kept, ends + 1)} end
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[#ARGV]) then return {tokens, false, 1} end
return {tokens, false, 0}
"""
# Keep the value, if there is one, and let the lock go that is ours.
KEEP = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Look(NamedTuple):
    """The tokens of a value's tags now, the value if it is true, and whether it is ours to load."""

    tokens: bytes
    value: bytes | None
    is_ours: bool


class Truth:
    """`full` makes a key of a name; `line` runs scripts."""

    def __init__(self, line: Evaluator, calls: Calls, full: Callable[[str], str]) -> None:
        self._line, self._calls, self._full = line, calls, full
        self._seek, self._keep = Source(LOOK), Source(KEEP)

    async def look(self, key: str, tags: Sequence[str], mine: str) -> Look:
        """What there is; `mine` names who takes the lock. Raises Away."""
        names = [self._full(key), self._full(keys.lock(key)), *(self._full(keys.tag(each)) for each in tags)]
        fresh = [secrets.token_hex(6) for _ in tags]
        found = await self._calls.ask(self._seek.run(self._line, names, [mine, TAG_TTL_S, *fresh, LOCK_MS]))
        return Look(found[0], found[1], len(found) > 2 and found[2] == 1)

    async def keep(self, key: str, value: bytes | None, ttl_s: int, tokens: bytes, mine: str) -> None:
        """Keep the value, if there is one, and let our lock go."""
        kept = b"" if value is None else tokens + b"\n" + value
        names = [self._full(keys.lock(key)), self._full(key)]
        await self._calls.quietly(self._keep.run(self._line, names, [mine, kept, ttl_s]))
