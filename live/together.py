"""Questions asked at the same moment go out together: a thousand sockets that come back ask Redis once, not each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")
MOST_AT_ONCE = 500


class Together(Generic[Key, Answer]):
    """`ask_many` gets all keys of one turn of the loop, at most `most`; one it leaves out gets None.

    With `one_by_one` it is asked again when it has answered: who comes meanwhile goes together with the next.
    """

    def __init__(
        self, ask_many: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]], *, most: int = MOST_AT_ONCE,
        one_by_one: bool = False,
    ) -> None:
        self._ask_many, self._most, self._one_by_one = ask_many, most, one_by_one
        self._waiting: dict[Key, list[asyncio.Future[Answer | None]]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def ask(self, key: Key) -> Answer | None:
        """The answer for this key; raises what `ask_many` raises."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[Answer | None] = loop.create_future()  # one each: who gives up takes it from nobody
        others = self._waiting.get(key)
        if others is not None:
            others.append(mine)
        else:
            if not self._waiting:
                loop.call_soon(self._go)
            self._waiting[key] = [mine]
            if len(self._waiting) >= self._most:
                self._go()
        return await mine

    def _go(self) -> None:
        while self._waiting and not (self._one_by_one and self._asking):
            asked = {key: self._waiting.pop(key) for key in list(islice(self._waiting, self._most))}
            task = asyncio.ensure_future(self._answer(asked))
            self._asking.add(task)
            task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._go()

    async def _answer(self, asked: dict[Key, list[asyncio.Future[Answer | None]]]) -> None:
        try:
            answers = await self._ask_many(list(asked))
        except BaseException as error:
            for futures in asked.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        for key, futures in asked.items():
            for future in futures:
                if not future.done():
                    future.set_result(answers.get(key))
