"""What picows says about a connection, turned from log lines into the two things we want to hear."""

from typing import Any

import structlog

from api.socket.codes import Close
from api.socket.connection import Connection

logger = structlog.get_logger("api.socket")


class Complaints:
    """The logger picows is given: it says a protocol error here before it sends the close frame, so `bye` can go first.

    Everything else picows would say per connection stays unsaid, and no logger object is made per connection.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def isEnabledFor(self, level: int) -> bool:
        """Nothing is logged by level."""
        return False

    def error(self, message: str, *args: Any) -> None:
        """A frame could not be parsed: picows gives (code, reason)."""
        error = args[0] if args else None
        if isinstance(error, tuple) and len(error) == 2 and isinstance(error[0], int):
            self.connection.unparsed(Close(error[0]))

    def exception(self, message: str, *args: Any) -> None:
        """Something raised where nothing should."""
        logger.exception(message % args if args else message)

    def info(self, message: str, *args: Any) -> None:
        """Said per connection; unsaid."""

    log = debug = warning = info
