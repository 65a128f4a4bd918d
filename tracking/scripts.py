"""The Lua scripts, sent to Redis by digest; a server that lost them (restart, SCRIPT FLUSH) is taught again."""

import hashlib
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any, Protocol

from redis.exceptions import NoScriptError

from tracking.keys import Arg

LUA = Path(__file__).parent / "lua"


class Evaluator(Protocol):
    """What can run a script: redis-py's client, or the hot path's own line. Raises redis-py's exceptions."""

    def evalsha(self, sha: str, numkeys: int, /, *keys_and_args: Any) -> Awaitable[Any]:
        """By digest."""

    def eval(self, script: str, numkeys: int, /, *keys_and_args: Any) -> Awaitable[Any]:
        """By source."""


class Source:
    """A script's text. NOSCRIPT: nothing ran, so sending the source is safe."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Evaluator, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        """The script's answer. Raises what the driver raises."""
        try:
            return await redis.evalsha(self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await redis.eval(self.source, len(keys), *keys, *args)


class Script(Source):
    """A file of `folder`, or several that are read as one."""

    def __init__(self, *names: str, folder: Path = LUA) -> None:
        super().__init__("\n".join((folder / f"{name}.lua").read_text() for name in names))
