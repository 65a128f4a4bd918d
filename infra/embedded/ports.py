"""Free TCP ports on loopback."""

import socket

_handed_out: set[int] = set()


def free_port() -> int:
    """A port nobody listens on now, never handed out twice by this process."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port
