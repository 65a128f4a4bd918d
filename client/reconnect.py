"""One session over many sockets: it comes back by itself, says where it stood, and shows no item twice.

A customer's page in Python, under twenty lines::

    import asyncio

    from client.reconnect import Ridewire

    async def follow(url: str, token: str, order: str) -> None:
        async with Ridewire.connect(url, token=token) as session:
            joined = await session.subscribe(f"order:{order}")
            print("so far", [item["status"] for item in joined["items"] if item["type"] == "order"])
            async for push in session:
                match push["type"]:
                    case "position":
                        print("rider at", push["lat"], push["lng"])
                    case "order" if push["status"] == "delivered":
                        print("it is there")
                        return
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self, Unpack

from client import comeback
from client.connection import Connection
from client.errors import ConnectionLost, GaveUp, RequestRefused
from client.inbox import Inbox
from client.options import Options, Status, TokenSource
from client.place import Place, Subscription
from client.wire import Encoding, Message

RENEW_BEFORE_S = 30
DEFAULT_RETRY_MS = 1000


class Ridewire:
    """A session. `is_connected` is true between `welcome` and the next close; iterate it for pushes.

    `token` is an access token, or a coroutine function giving a fresh one (then the session renews before expiry).
    After a reconnect the stream brings, per channel, the new `subscribed` and then each missed log item; a `gap` comes
    first when the server could not fill the hole. Raises GaveUp out of the iteration when the session ended for good.
    """

    def __init__(
        self, url: str, *, token: TokenSource, client: str = "", encoding: Encoding = Encoding.JSON,
        origin: str | None = None, merge: bool = True, debug: bool = False, within_s: float | None = 30,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.url, self.token, self.client, self.encoding, self.origin = url, token, client, encoding, origin
        self.debug, self.within_s, self.chance = debug, within_s, chance
        self.status, self.connections, self.welcome = Status.CONNECTING, 0, Message()
        self.inbox = Inbox(merge=merge)
        self._connection: Connection | None = None
        self._subscriptions: dict[str, Subscription] = {}
        self._changed = asyncio.Condition()
        self._error: GaveUp | None = None
        self._lost: ConnectionLost | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def connect(cls, url: str, *, token: TokenSource, **options: Unpack[Options]) -> Self:
        """A session to enter with `async with`: that returns once `welcome` came; GaveUp after `within_s`."""
        return cls(url, token=token, **options)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"ridewire session {self.client}")
        try:
            async with asyncio.timeout(self.within_s):
                await self.connected()
        except TimeoutError:
            await self.close()
            raise GaveUp(f"not connected within {self.within_s:.0f} s") from self._lost
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Inbox:
        return self.inbox

    @property
    def is_connected(self) -> bool:
        """Whether requests are answered right now."""
        return self.status is Status.CONNECTED and self._connection is not None and self._connection.is_open()

    async def connected(self) -> Connection:
        """The socket in use, waiting for one if need be; raises GaveUp when there will be none."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.is_connected or self.status is Status.CLOSED)
        if self._connection is None or self.status is Status.CLOSED:
            raise GaveUp(*(self._error.args if self._error else ("the session is closed",))) from self._error
        return self._connection

    async def close(self) -> None:
        """End the session; safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._become(Status.CLOSED)
        self.inbox.close(self._error)

    def cut(self) -> None:
        """Break the line as a dead network would, for drills: the session comes back by itself."""
        if self._connection is not None:
            self._connection.abort()

    async def request(self, message: Message, *, timeout_s: float = 10) -> Message:
        """Ask once on the current socket; RequestRefused, TimeoutError, or ConnectionLost (perhaps it was heard)."""
        return await (await self.connected()).request(message, timeout_s=timeout_s)

    async def report(
        self, points: Sequence[Mapping[str, float | int]], *, oldest: int | None = None, battery: float | None = None,
        health: Mapping[str, str | bool | float] | None = None,
    ) -> Message:
        """Report 1 to 200 points and return `location.ack`, asking again over new sockets until it comes.

        Asking twice is harmless: the server knows a point by its `seq`. Raises RequestRefused when retrying is useless.
        """
        message: Message = {"type": "location.report", "points": list(points)}
        extra = {"oldest": oldest, "battery": battery, "health": health}
        message.update((name, value) for name, value in extra.items() if value is not None)
        return await self._insist(message)

    async def subscribe(
        self, channel: str, *, recover: Mapping[str, str | int] | None = None, max_rate_hz: float | None = None,
        handler: Callable[[Message], None] | None = None,
    ) -> Message:
        """Join a channel and return `subscribed`; it is joined again after each reconnect until `unsubscribe`.

        With `handler`, this channel's messages (`subscribed` itself first) go there and not into the inbox.
        """
        place = Place(str(recover["epoch"]), int(recover["offset"])) if recover else Place()
        subscription = Subscription(channel, max_rate_hz, handler or self.inbox.put, place)
        while True:
            connection = await self.connected()
            try:
                return await self._join(connection, subscription, tell=handler is not None)
            except ConnectionLost:
                continue

    async def unsubscribe(self, channel: str) -> None:
        """Leave a channel; nothing happens when we are not in it."""
        if self._subscriptions.pop(channel, None) is not None:
            await self.request({"type": "unsubscribe", "channel": channel})

    async def renew(self, token: str) -> Message:
        """Hand in a fresh token; it is also the one used after the next reconnect, unless `token` was a function."""
        if isinstance(self.token, str):
            self.token = token
        return await self.request({"type": "auth.renew", "token": token})

    async def _insist(self, message: Message) -> Message:
        while True:
            connection = await self.connected()
            try:
                return await connection.request(message)
            except RequestRefused as refused:
                if not refused.retry:
                    raise
                await asyncio.sleep((refused.after_ms or DEFAULT_RETRY_MS) * (1.0 + 0.5 * self.chance()) / 1000)
            except TimeoutError:
                connection.abort()  # a socket that answers nothing for that long is dead; the next one will do
                await connection.ended()
            except ConnectionLost:
                await connection.ended()

    async def _join(self, connection: Connection, subscription: Subscription, *, tell: bool) -> Message:
        """Subscribe on this socket; `tell` also hands `subscribed` and the items we had not seen to the handler."""

        def take(subscribed: Message) -> None:
            items = subscription.place.join(subscribed)
            self._subscriptions[subscription.channel] = subscription
            if tell:
                subscription.handler({**subscribed, "items": []})
            for item in items:
                if tell:
                    subscription.handler(item)
                subscription.place.advance(item)
            subscription.place.advance(subscribed)

        return await connection.request(subscription.request(), on_answer=take)

    async def _rejoin(self, connection: Connection, subscription: Subscription) -> None:
        """Join a channel again after a reconnect; a right that was lost meanwhile is told as `unsubscribed`."""
        while True:
            try:
                await self._join(connection, subscription, tell=True)
                return
            except RequestRefused as refused:
                if not refused.retry:
                    self._subscriptions.pop(subscription.channel, None)
                    reason = {"code": refused.code, "reason": refused.message}
                    subscription.handler({"type": "unsubscribed", "channel": subscription.channel, **reason})
                    return
                await asyncio.sleep((refused.after_ms or DEFAULT_RETRY_MS) / 1000)

    def _deliver(self, push: Message) -> None:
        """A push from the socket in use: to its channel's handler, unless it is double."""
        channel = push.get("channel") or (f"user:{self.welcome.get('sub')}" if "offset" in push else "")
        subscription = self._subscriptions.get(channel)
        if subscription is None:
            self.inbox.put(push)
            return
        if push["type"] == "unsubscribed":
            self._subscriptions.pop(channel)
        verdict = subscription.place.judge(push)
        if verdict == "new":
            subscription.handler(push)
            subscription.place.advance(push)
        elif verdict == "hole" and self._connection is not None:
            self._connection.abort()  # the promise of the log is broken; coming back with `recover` mends it

    async def _become(self, status: Status) -> None:
        async with self._changed:
            self.status = status
            self._changed.notify_all()

    async def _run(self) -> None:
        """Connect, live, wait, again; ends only by `close` or by GaveUp."""
        failures = 0
        try:
            while True:
                lost, lived_s = await self._live()
                self._lost = lost
                if not comeback.may_return(lost, can_renew=not isinstance(self.token, str)):
                    self._error = GaveUp(str(lost))
                    self._error.__cause__ = lost
                    return
                failures = 0 if lived_s > comeback.STEADY_AFTER_S else failures + 1
                await self._become(Status.WAITING)
                await asyncio.sleep(comeback.wait_s(lost, max(0, failures - 1), self.chance()))
                await self._become(Status.CONNECTING)
        except Exception as error:
            self._error = GaveUp(f"{type(error).__name__}: {error}")
            self._error.__cause__ = error
        finally:
            self._connection = None
            self.inbox.close(self._error)
            await self._become(Status.CLOSED)

    async def _live(self) -> tuple[ConnectionLost, float]:
        """One socket's life: how it ended and how many seconds it stood."""
        token = self.token if isinstance(self.token, str) else await self.token()
        since = time.monotonic()
        try:
            async with Connection.open(
                self.url, token=token, client=self.client, encoding=self.encoding, origin=self.origin,
                deliver=self._deliver, debug=self.debug,
            ) as connection:
                self._connection, self.welcome = connection, connection.welcome
                self.connections += 1
                await asyncio.gather(*(self._rejoin(connection, each) for each in list(self._subscriptions.values())))
                await self._become(Status.CONNECTED)
                await self._keep_fresh(connection)
                return await connection.ended(), time.monotonic() - since
        except ConnectionLost as lost:
            return lost, time.monotonic() - since
        except RequestRefused as refused:
            if not refused.retry:
                raise
            wait_ms = refused.after_ms or DEFAULT_RETRY_MS
            return ConnectionLost(0, str(refused), after_ms=(wait_ms, 2 * wait_ms)), 0.0
        except TimeoutError:
            return ConnectionLost(0, "no answer in time"), 0.0

    async def _keep_fresh(self, connection: Connection) -> None:
        """Renew the token before it expires, as long as the socket stands and there is somebody to ask for one."""
        while not isinstance(self.token, str) and connection.is_open():
            ttl_s = float(connection.welcome.get("token_ttl") or 3600)
            try:
                async with asyncio.timeout(max(1.0, ttl_s - RENEW_BEFORE_S)):
                    await connection.ended()
            except TimeoutError:
                fresh = {"type": "auth.renew", "token": await self.token()}
                connection.welcome = await connection.request(fresh)
