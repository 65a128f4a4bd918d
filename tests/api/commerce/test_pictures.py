"""Products' pictures: answered at once, pressed by a worker, three sizes of pixels and nothing else."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from PIL import Image, ImageChops, ImageStat

from api.consumers import ON, Tools
from events.event import Event
from events.once import Once
from infra.clients import Database
from infra.settings import Settings
from tests.api.commerce.shopping import product
from tests.api.serving import Person, Service, serving


def photo(width: int = 2000, height: int = 1500, kind: str = "PNG", **more: Any) -> bytes:
    """A picture with something to see in it."""
    across = Image.linear_gradient("L").resize((width, height))
    grain = Image.effect_noise((width, height), 30)
    picture = Image.merge("RGB", (across, grain, across.rotate(180)))
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


async def send(vendor: Person, product_id: str, data: bytes, name: str = "../../mango.png") -> httpx.Response:
    """Upload it as a form does."""
    return await vendor.http.post(f"/api/products/{product_id}/images", files={"file": (name, data, "image/png")})


async def work(service: Service, times: int = 1) -> None:
    """What a worker does with each upload's event, so many times."""
    world = service.app.world
    db = world.orders.db
    tools = Tools(
        settings=service.app.settings, db=db, redis=world.market.pictures.jobs.redis, outbox=world.orders.outbox,
        log=world.log, feed=world.feed, relay=world.relay,
    )
    (press,) = ON["image.uploaded"]
    async for row in db.outbox.find({"type": "IMAGE_UPLOADED"}):
        event = Event(id=row["_id"], type=row["type"], timestamp=row["at"], data=row["data"])
        for _ in range(times):
            await Once(db).apply(event.id, press.name, lambda session, e=event: press.handle(e, tools, session))


@asynccontextmanager
async def marking(settings: Settings) -> AsyncIterator[Service]:
    """A service whose pictures carry a word."""
    async with serving(msgspec.structs.replace(settings, watermark="LOLA")) as service:
        yield service


async def sizes(person: Person, shown: dict[str, str]) -> dict[str, Image.Image]:
    """The three sizes, fetched and opened."""
    found: dict[str, Image.Image] = {}
    for size in ("small", "medium", "large"):
        answer = await person.get(shown[size])
        assert (200, "image/webp") == (answer.status_code, answer.headers["content-type"])
        assert "immutable" in answer.headers["cache-control"]
        found[size] = Image.open(io.BytesIO(answer.content))
    return found


async def test_a_picture_becomes_three_sizes(service: Service, database: Database) -> None:
    """202 with a job at once; then three sizes in proportion, smaller than what came, without EXIF, done once."""
    vendor = service.person("vendor", "v1")
    mango = await product(vendor)
    exif = Image.Exif()
    exif[0x010E] = "canary-of-the-camera"
    data = photo(exif=exif)
    answer = await send(vendor, mango["id"], data)
    job = answer.json()
    assert (202, "queued", f"/api/jobs/{job['id']}") == (answer.status_code, job["state"], answer.headers["location"])
    assert [] == (await vendor.get(f"/api/products/{mango['id']}")).json()["images"]
    await work(service, times=2)
    done = (await vendor.get(f"/api/jobs/{job['id']}")).json()
    assert ("done", 1.0) == (done["state"], done["progress"])
    redis, prefix = service.app.world.market.pictures.jobs.redis, service.app.settings.key_prefix
    assert 86_000 < await redis.ttl(f"{prefix}:job:{job['id']}") <= 86_400
    (shown,) = (await vendor.get(f"/api/products/{mango['id']}")).json()["images"]
    found = await sizes(vendor, shown)
    assert {"small": (160, 120), "medium": (640, 480), "large": (1600, 1200)} == {
        name: each.size for name, each in found.items()
    }
    large = (await vendor.get(shown["large"])).content
    assert (True, False) == (len(large) < len(data), b"canary" in large)
    known = await vendor.get(shown["large"], headers={"If-None-Match": f'"{shown["large"].split("/")[-1][:40]}"'})
    assert (304, b"") == (known.status_code, known.content)
    assert 0 == await database.image_uploads.count_documents({})


async def test_a_watermark_stands_on_the_larger_sizes(settings: Settings, database: Database) -> None:
    """The lower right of medium and large is another than without it; small stays as it is."""
    drawn: list[dict[str, Image.Image]] = []
    data = photo(800, 600)
    for open_ in (serving, marking):
        async with open_(settings) as service:
            vendor = service.person("vendor", "v1")
            mango = await product(vendor)
            await send(vendor, mango["id"], data)
            await work(service)
            (shown,) = (await vendor.get(f"/api/products/{mango['id']}")).json()["images"]
            drawn.append(await sizes(vendor, shown))
    plain, marked = drawn
    assert [False, True, True] == [
        plain[name].convert("RGB").tobytes() != marked[name].convert("RGB").tobytes()
        for name in ("small", "medium", "large")
    ]
    apart = ImageChops.difference(plain["large"].convert("RGB"), marked["large"].convert("RGB"))
    far, near = (sum(ImageStat.Stat(apart.crop(box)).mean) for box in ((0, 0, 300, 300), (500, 450, 800, 600)))
    assert near > 5 * far


async def test_a_picture_in_json_is_a_picture(service: Service, database: Database) -> None:
    """As base64; what is none is refused and named."""
    vendor = service.person("vendor", "v1")
    path = f"/api/products/{(await product(vendor))['id']}/images"
    data = photo(300, 200, "JPEG")
    assert 202 == (await vendor.post(path, {"data": base64.b64encode(data).decode()})).status_code
    wrong: list[Any] = [{"data": "no base64!"}, {"file": "x"}, {"data": 5}, []]
    assert {(400, "data")} == {
        (each.status_code, each.json()["field"]) for each in [await vendor.post(path, body) for body in wrong]
    }
    assert 415 == (await vendor.http.post(path, content=data, headers={"Content-Type": "image/jpeg"})).status_code
    assert 400 == (await vendor.http.post(path, data={"file": "text"}, files={"other": b"x"})).status_code


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", 400), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415), (b"PK\x03\x04 not a picture", 415),
     (b"\x89PNG\r\n\x1a\n" + b"0" * 8_400_000, 413)],
    ids=["empty", "svg", "zip", "too large"],
)
async def test_what_is_no_picture_is_refused_at_once(service: Service, data: bytes, status: int) -> None:
    """Nothing is kept and nobody is told."""
    vendor = service.person("vendor", "v1")
    answer = await send(vendor, (await product(vendor))["id"], data)
    assert (status, None) == (answer.status_code, await service.app.world.orders.db.image_uploads.find_one({}))


async def test_what_only_looks_like_a_picture_fails_its_job(service: Service, database: Database) -> None:
    """A file cut off and a bomb: the job says why, the product stays as it was, the upload is gone."""
    vendor = service.person("vendor", "v1")
    mango = await product(vendor)
    bomb = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(bomb, "PNG")
    jobs = [(await send(vendor, mango["id"], data)).json()["id"] for data in (photo()[:3000], bomb.getvalue())]
    await work(service)
    told = [(await vendor.get(f"/api/jobs/{each}")).json() for each in jobs]
    assert ["failed", "failed"] == [each["state"] for each in told]
    assert "pixels" in told[1]["problem"]
    assert [] == (await vendor.get(f"/api/products/{mango['id']}")).json()["images"]
    assert 0 == await database.image_uploads.count_documents({})


async def test_uploads_and_jobs_are_their_vendors(service: Service) -> None:
    """Others are refused; a foreign job is as unknown as one that never was."""
    vendor, other = service.person("vendor", "v1"), service.person("vendor", "v2")
    mango = await product(vendor)
    job = (await send(vendor, mango["id"], photo(100, 100))).json()["id"]
    assert 403 == (await send(other, mango["id"], photo(100, 100))).status_code
    found = [
        (await person.get(f"/api/jobs/{name}")).status_code
        for person, name in ((other, job), (vendor, "j" + "0" * 24), (vendor, "*"), (service.person("admin", "a"), job))
    ]
    assert [404, 404, 404, 200] == found
    for name in ("0" * 40 + ".webp", "..%2f..%2fetc", "x"):
        assert 404 == (await vendor.get(f"/api/images/{name}")).status_code
