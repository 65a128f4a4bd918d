"""A real HTTP and WebSocket server that says what reached it: what nginx passes on cannot be seen otherwise."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Event = MutableMapping[str, Any]
BIG = json.dumps([{"product": number, "name": "bread"} for number in range(400)]).encode()


async def app(scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    """Any path answers with the headers that came; /api/big with a long list; /missing and missing assets with 404."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await echo(receive, send)
    elif scope["type"] == "http":
        status = 404 if "missing" in scope["path"] else 200
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = BIG if scope["path"] == "/api/big" else json.dumps(headers).encode()
        kind = [(b"content-type", b"application/json"), (b"x-instance", str(scope["server"][1]).encode())]
        if scope["path"] == "/page":
            kind.append((b"content-security-policy", b"default-src 'self'"))
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    """Nothing to open, nothing to close."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def echo(receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    """Accept and send back each text."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
