"""Free TCP ports on loopback.

They are looked for below the ports that the kernel gives to outgoing connections: one of those can be taken by anybody
who connects somewhere between our look and the server's bind.
"""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

LOWEST, ROOM = 10_000, 2_000
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_handed_out: set[int] = set()


def free_port() -> int:
    """A port nobody listens on now, never handed out twice by this process."""
    for wanted in _candidates():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port
    raise AssertionError("candidates never end")


def _candidates() -> Iterator[int]:
    """Ports at random, without end; 0, the kernel's choice, where too few are kept from outgoing connections."""
    first_outgoing = int(OUTGOING.read_text().split()[0]) if OUTGOING.exists() else 0
    room = first_outgoing - LOWEST
    while True:
        yield LOWEST + secrets.randbelow(room) if room >= ROOM else 0
