"""Which requests are public, and so may be answered from the cache, and how their answers are kept. Pure."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from api.cache import keys
from infra.settings import Settings

PUBLIC = ("/api/products", "/api/stores")  # what `plan` knows begins so
PARAMETERS = frozenset({"vendor", "category", "q", "after", "limit"})
LONGEST_KEY = 400


class Plan(NamedTuple):
    """How a request can be cached."""

    key: str
    ttl_s: int
    tags: tuple[str, ...]
    product: str = ""  # the one that is asked for, and nothing else
    page: Mapping[str, str] | None = None  # what is asked of the list, when it is read on


def plan(path: str, query: bytes, settings: Settings) -> Plan | None:
    """The request's key, life and tags; None when it is not public or asks something unknown.

    Raises ValueError for more fields than anybody asks.
    """
    parts = path.strip("/").split("/")
    if parts[0] != "api" or len(parts) < 2 or parts[1] not in ("products", "stores"):
        return None
    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=8) if query else []
    if any(name not in PARAMETERS for name, _ in asked) or len({name for name, _ in asked}) < len(asked):
        return None
    key = keys.response("/" + "/".join(parts), asked)
    if len(key) > LONGEST_KEY:
        return None
    match parts[1:]:
        case ["products"]:
            given = dict(asked)
            tag = keys.list_tag(given.get("vendor"), given.get("category"))
            return Plan(key, settings.cache_ttl_product_list, (tag,), page=given if "after" in given else None)
        case ["products", product] if not asked:
            return Plan(key, settings.cache_ttl_product_single, (keys.product_tag(product),), product)
        case ["products", product, "inventory"] if not asked:
            return Plan(key, settings.cache_ttl_inventory, (keys.product_tag(product),))
        case ["stores"] | ["stores", _]:
            return Plan(key, settings.cache_ttl_product_list, (keys.STORES,))
    return None
