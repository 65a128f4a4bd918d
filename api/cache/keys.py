"""Every cache key, spelled once, each after the deployment's prefix. A tag is what keys have in common that one change
makes untrue; the keys that hold it are dead the moment it is drawn anew.

The marketplace's word for a vendor is farmer; it stands in the keys that its programs know.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

PRODUCTS, STORES = "products", "stores"  # tags of lists of everything


def products_list() -> str:
    """The newest products of all vendors."""
    return "products:all"


def farmer_products(vendor: str) -> str:
    """The newest products of one vendor."""
    return f"products:farmer:{safe(vendor)}"


def category_products(category: str) -> str:
    """The newest products of one category."""
    return f"products:category:{safe(category)}"


def response(path: str, query: Sequence[tuple[str, str]] = ()) -> str:
    """A public answer, by its path and its query in one order."""
    asked = urlencode(sorted(query), quote_via=quote)
    return f"gateway:cache:{quote(path)}{'?' if asked else ''}{asked}"


def profile(user: str) -> str:
    """One's own profile."""
    return f"user:profile:{safe(user)}"


def orders(user: str) -> str:
    """A customer's newest orders."""
    return f"user:orders:{safe(user)}"


def farmer_orders(vendor: str) -> str:
    """A vendor's newest orders."""
    return f"farmer:orders:{safe(vendor)}"


def daily(vendor: str | None = None, day: str = "") -> str:
    """A day's dashboard: today's unless it is said, of all vendors unless one is."""
    return ":".join(["analytics:daily", *([day] if day else []), *([safe(vendor)] if vendor else [])])


def product_tag(product: str) -> str:
    """What is said of one product."""
    return f"product:{safe(product)}"


def list_tag(vendor: str | None, category: str | None) -> str:
    """What has one shop's products in it, or one category's, or all: a sale in one shop leaves the others' lists."""
    if vendor is not None:
        return f"products:of:{safe(vendor)}"
    return PRODUCTS if category is None else f"products:in:{safe(category)}"


def profile_tag(user: str) -> str:
    """What is said of one person."""
    return f"profile:{safe(user)}"


def orders_tag(role: str, user: str) -> str:
    """What is said of one person's orders."""
    return f"orders:{role}:{safe(user)}"


def tag(name: str) -> str:
    """Where a tag's token is kept; it is drawn anew when what has the tag is no longer true."""
    return f"cache:tag:{name}"


def lock(key: str) -> str:
    """Who loads a key just now."""
    return f"cache:lock:{key}"


def safe(name: str) -> str:
    """A name as a part of a key: no name can look like another key, or like a pattern."""
    return quote(name, safe="")[:200]
