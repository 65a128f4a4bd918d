"""Where a request may go that somebody else named: public addresses by https, and what the operator allows. Pure.

An address that means another one (IPv4 inside IPv6, 6to4, NAT64) counts as the one it means or is refused.
"""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST_URL = 2000
REFUSED_NETWORKS: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in (
    "0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
    "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10",
))


class Forbidden(ValueError):
    """This may not be asked; the message says what is wrong with it."""


class Target(NamedTuple):
    """A URL that may be asked if its host's addresses may be connected to."""

    scheme: str
    host: str
    port: int
    path: str


class Allowed:
    """What the operator lets through although it is not public or not https: networks, and names of hosts."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.networks: list[Network] = []
        self.hosts: set[str] = set()
        for word in words:
            try:
                self.networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                self.hosts.add(word.lower())

    def __bool__(self) -> bool:
        return bool(self.networks or self.hosts)

    def has(self, address: Address) -> bool:
        """Whether one of the networks holds it."""
        return any(address in network for network in self.networks)


def target(url: str, allowed: Allowed) -> Target:
    """The URL taken apart; raises Forbidden for one that nobody may name. Without allowances only https passes."""
    if len(url) > LONGEST_URL or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or "\\" in url:
        raise Forbidden("a URL has no spaces, control characters or backslashes and at most 2000 characters")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Forbidden(f"this is no URL: {error}") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and allowed):
        raise Forbidden("the URL must begin with https://")
    if not host or parts.username is not None or parts.password is not None:
        raise Forbidden("the URL must name a host, and no user or password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def check_address(address: Address, wanted: Target, allowed: Allowed) -> None:
    """Raises Forbidden unless we may connect there: it is public and https, or allowed."""
    meant = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped else address
    if allowed.has(meant) or wanted.host in allowed.hosts:
        return
    if wanted.scheme != "https":
        raise Forbidden("the URL must begin with https://")
    if not meant.is_global or meant.is_multicast or any(meant in net for net in REFUSED_NETWORKS):
        raise Forbidden(f"{wanted.host} is at {meant}, which is not a public address")
