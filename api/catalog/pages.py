"""Pages of the catalog as JSON, the same by whatever way they are asked for."""

from collections.abc import Mapping

import msgspec

from api.catalog.shapes import FIRST_PAGE, Following, ProductPage, view
from api.catalog.store import ProductStore


def narrowed(vendor: str | None, category: str | None) -> dict[str, str]:
    """What products must have to be in the list."""
    asked = {"vendor": vendor, "category": category}
    return {name: value for name, value in asked.items() if value is not None}


async def page_as_json(
    store: ProductStore, where: Mapping[str, str], words: str | None, after: str | None, limit: int
) -> bytes:
    """So many products and the name of the next page; raises what the driver raises."""
    found = await store.page(where, words, after, limit + 1)
    more = len(found) > limit
    page = ProductPage(items=[view(each) for each in found[:limit]], next=found[limit - 1].id if more else None)
    return msgspec.json.encode(page)


async def following_as_json(store: ProductStore, asked: Mapping[str, str]) -> bytes | None:
    """The page that such a query asks for; None where the framework must judge what is asked."""
    try:
        given = msgspec.convert(dict(asked), Following)
    except msgspec.ValidationError:
        return None
    return await page_as_json(store, narrowed(given.vendor, given.category), None, given.after, FIRST_PAGE)
