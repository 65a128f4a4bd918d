"""Who may become what, and which passwords will do. Pure: nothing here asks anybody."""

import ipaddress
import unicodedata

from api.accounts.account import AccountRole
from api.errors import Refused
from api.rights import Actor

SELF_SERVICE: frozenset[AccountRole] = frozenset({"customer", "vendor", "rider"})
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
FEWEST_CHARACTERS = 4
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "password")
LONGEST_PROGRAM = 200


def email_key(email: str) -> str:
    """The form an address is kept and looked up in: two spellings of one mailbox are one account."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def refuse_password(password: str, email: str) -> Refused | None:
    """Why this password will not do; length is what counts, not which kinds of characters it mixes."""
    said = password.casefold()
    if len(set(said)) < FEWEST_CHARACTERS or any(said in run + run for run in RUNS):
        return Refused("weak_password", "The password is too easy to guess; take a longer, unusual one.", "password")
    if said in (email, email.partition("@")[0]):
        return Refused("weak_password", "The password must not be the address.", "password")
    return None


def refuse_role(role: AccountRole, by: Actor | None) -> Refused | None:
    """Customers, vendors and riders sign up by themselves; staff are made by an admin."""
    if role in SELF_SERVICE or (by is not None and by.role == "admin"):
        return None
    return Refused("forbidden", f"Only an admin can make an account for a {role}.", "role")


def shortened(address: str) -> str:
    """A network instead of a person: /24 of an IPv4 address, /48 of an IPv6 one; empty for what is neither."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    length = 24 if isinstance(ip, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network((ip, length), strict=False).network_address)


def one_line(text: str) -> str:
    """What a program calls itself, without anything that could break a line of a log."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_PROGRAM]
