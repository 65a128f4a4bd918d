"""A desktop that shows notifications: a D-Bus of its own, and on it the service to which Chromium hands them."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

from infra.embedded.process import ServerProcess
from tests.ending import cancelled, over

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
UNKNOWN = "org.freedesktop.DBus.Error.UnknownMethod"
CAN = ["actions", "body", "body-markup", "body-hyperlinks", "persistence"]
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


class Shown(NamedTuple):
    """A notification as the desktop got it."""

    number: int
    title: str
    body: str


class Desktop:
    """`shown` are those on the screen, in order; a `click` is what a person does to one."""

    def __init__(self, address: str, connection: DBusConnection) -> None:
        self.address, self._connection = address, connection
        self.shown: list[Shown] = []
        self._last = 0

    async def run(self) -> None:
        """Answer whoever calls, for ever."""
        await self._connection.send(message_bus.RequestName(NAME))
        while True:
            call = await self._connection.receive()
            if call.header.message_type is MessageType.method_call:
                await self._answer(call)

    async def click(self, shown: Shown) -> None:
        """As a person does who wants to see more."""
        desktop = DBusAddress(PATH, interface=NAME)
        await self._connection.send(new_signal(desktop, "ActionInvoked", "us", (shown.number, "default")))

    async def _answer(self, call: Any) -> None:
        match call.header.fields.get(HeaderFields.member):
            case "GetCapabilities":
                answer = new_method_return(call, "as", (CAN,))
            case "GetServerInformation":
                answer = new_method_return(call, "ssss", ("desktop", "tests", "1.0", "1.2"))
            case "Notify":
                _, replaces, _, title, body, *_ = call.body
                self._take_down(replaces)
                self._last = replaces or self._last + 1
                self.shown.append(Shown(self._last, title, body))
                answer = new_method_return(call, "u", (self._last,))
            case "CloseNotification":
                self._take_down(call.body[0])
                answer = new_method_return(call)
            case _:
                answer = new_error(call, UNKNOWN)
        await self._connection.send(answer)

    def _take_down(self, number: int) -> None:
        self.shown = [each for each in self.shown if each.number != number]


@asynccontextmanager
async def open_desktop() -> AsyncIterator[Desktop]:
    """Until the block ends. Its directory has a short name: that of a socket is bounded."""
    directory = Path(tempfile.mkdtemp(prefix="desktop-"))
    path = directory / "bus"
    (directory / "bus.conf").write_text(BUS.format(path=path))
    command = ["dbus-daemon", f"--config-file={directory / 'bus.conf'}", "--nofork", "--nopidfile"]
    bus = ServerProcess("D-Bus", command, directory / "bus.log")
    await asyncio.to_thread(bus.start, path.exists)
    connection = await open_dbus_connection(f"unix:path={path}")
    desktop = Desktop(f"unix:path={path}", connection)
    running = asyncio.create_task(desktop.run())
    try:
        yield desktop
    finally:
        await cancelled(running)
        await over(connection.close())
        await asyncio.to_thread(bus.stop)
        shutil.rmtree(directory)
