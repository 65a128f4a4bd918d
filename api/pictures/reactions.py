"""What a worker makes of an uploaded picture: three sizes, pixels only, smaller than they came, on the product.

Pressing happens before the first write, so that no transaction waits for it. Doing it twice leaves the same names.
"""

from typing import Any

import msgspec

from api.cache.reactions import forgetting
from api.catalog.rules import log_item, told
from api.catalog.store import ProductStore, from_document
from api.errors import Refused
from api.images.press import Press
from api.images.rules import Wanted
from api.orders.desk import utc_now
from api.pictures.jobs import Jobs
from api.pictures.store import PictureStore
from events.event import Event
from events.once import After, Session

SIZES = (Wanted("small", 160, 78), Wanted("medium", 640, 80), Wanted("large", 1600, 82))
MARKED = ("medium", "large")
press = Press()


class Busy(Exception):
    """Too many pictures at once; the event comes again."""


async def uploaded(event: Event, tools: Any, session: Session) -> After | None:
    """Press it, unless that was done before."""
    store, jobs = PictureStore(tools.db), Jobs(tools.redis, tools.settings.key_prefix)
    upload = await store.upload(event.data["imageId"])
    if upload is None:
        return None
    job_id, image_id, product_id = upload["job"], upload["_id"], upload["product"]
    await jobs.move(job_id, state="working", progress=0.1)
    pressed = await press(bytes(upload["data"]), SIZES, mark=tools.settings.watermark, marked=MARKED)
    if isinstance(pressed, Refused) and pressed.code == "unavailable":
        raise Busy(pressed.message)
    if isinstance(pressed, Refused):
        await store.drop_upload(image_id, session)
        return _ending(jobs, job_id, pressed.message)
    await jobs.move(job_id, progress=0.8)
    now = utc_now()
    names = await store.keep(pressed, now, session)
    await store.drop_upload(image_id, session)
    row = await ProductStore(tools.db).add_image(product_id, {"id": image_id, **names}, now, session)
    if row is None:
        return _ending(jobs, job_id, "The product is gone.")
    product = from_document(row)
    await tools.outbox.add("PRODUCT_UPDATED", told(product), session=session)
    channel, item = f"vendor:{product.vendor}", log_item("updated", product)
    offset = await tools.log.append(channel, item, session)

    async def tell() -> None:
        async with forgetting(tools) as forget:
            await forget.products([(product.id, product.vendor, [product.category])])
        await jobs.move(job_id, state="done", progress=1.0)
        await tools.feed.announce(channel, offset, item)
        changed = msgspec.json.encode({"id": product.id, "rev": product.rev})
        await tools.relay.publish(f"products:updated:{product.id}", changed)

    return tell


def _ending(jobs: Jobs, job_id: str, problem: str) -> After:
    async def fail() -> None:
        await jobs.move(job_id, state="failed", problem=problem)

    return fail
