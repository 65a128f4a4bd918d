"""Pictures over HTTP: upload one to a product, ask how far it is, fetch it by a name that goes with its content."""

import base64
import binascii
import hashlib
import re
import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import Provide
from litestar.params import HeaderParameter, PathParameter

from api.bearer import Caller
from api.catalog.routes import Catalog, ProductId, find_own, provide_catalog
from api.errors import Refusal
from api.health import OPEN
from api.images.rules import LIMITS, OUT_TYPE, check_bytes, unknown_kind
from api.orders.desk import utc_now
from api.pictures.description import Upload
from api.pictures.desk import PictureDesk
from api.pictures.jobs import Job
from api.problems import described
from api.rights import VendorThing, may

MOST_PICTURES = 10
BODY_BYTES = LIMITS.most_bytes * 4 // 3 + 64 * 1024  # as base64, with what is around it
NAME = re.compile(r"^[0-9a-f]{40}\.webp$")
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin"}


class Encoded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture in a JSON body."""

    data: str


async def sent(request: Request[Any, Any, State]) -> bytes:
    """The picture's bytes, from a form or from JSON; raises Refusal."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile):
            raise Refusal("bad_request", "The form needs the picture as its field `file`.", "file")
        return await file.read()
    if kind == "application/json":
        try:
            body = msgspec.json.decode(await request.body(), type=Encoded)
            return base64.b64decode(body.data, validate=True)
        except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
            raise Refusal("bad_request", f"Send {{\"data\": BASE64}}: {error}", "data") from error
    raise Refusal("unsupported_media_type", "Send multipart/form-data, or JSON with base64.", "Content-Type")


@post(
    "/{product_id:str}/images", summary="Upload a picture of a product", status_code=202, operation_class=Upload,
    responses=described(403, 404, 409, 413, 415),
)
async def upload(
    request: Request[Any, Any, State], catalog: Catalog, actor: Caller, product_id: ProductId
) -> Response[Job]:
    """Answers at once with a job; a worker makes three sizes, without what the camera wrote into the file."""
    product = await find_own(catalog, actor, product_id)
    if len(product.images) >= MOST_PICTURES:
        raise Refusal("conflict", f"A product has {MOST_PICTURES} pictures at most.", "product_id")
    data = await sent(request)
    if not data:
        raise Refusal("bad_request", "The file is empty.", "file")
    refused = check_bytes(len(data), LIMITS, "file")
    if refused is None and not (data.startswith(BEGINNINGS) or (data[:4], data[8:12]) == (b"RIFF", b"WEBP")):
        refused = unknown_kind("file")
    if refused is not None:
        raise Refusal.of(refused)
    desk: PictureDesk = request.app.state.market.pictures
    job = Job(
        id=f"j{secrets.token_hex(12)}", vendor_id=product.vendor, product_id=product.id,
        image_id=f"i{secrets.token_hex(12)}",
    )
    await desk.take(job, data, hashlib.sha256(data).hexdigest(), utc_now())
    return Response(job, status_code=202, headers={"Location": f"/api/jobs/{job.id}"})


@get("/{job_id:str}", summary="How far a job is", responses=described(404))
async def read_job(
    actor: Caller, state: State, job_id: Annotated[str, PathParameter(description="the job's id", max_length=64)]
) -> Job:
    """For its vendor and admins, until a day after it ended."""
    desk: PictureDesk = state.market.pictures
    job = await desk.jobs.get(job_id)
    if job is None or not may(actor, "job.read", VendorThing(job.vendor_id)):
        raise Refusal("not_found", f"There is no job {job_id}, or it is none of yours.")
    return job


@get("/{name:str}", summary="A picture", security=OPEN, media_type=OUT_TYPE, responses=described(404))
async def fetch(
    state: State,
    name: Annotated[str, PathParameter(description="as products name it", max_length=64)],
    known: Annotated[str | None, HeaderParameter(name="If-None-Match", description="an ETag")] = None,
) -> Response[bytes]:
    """For everybody. Its name is made of its content: keep it as long as you like."""
    etag = f'"{name[:40]}"'
    desk: PictureDesk = state.market.pictures
    if NAME.match(name) is None:
        raise Refusal("not_found", "There is no such picture.")
    if known is not None and etag in known:
        return Response(b"", status_code=304, headers={**FOREVER, "ETag": etag}, media_type=OUT_TYPE)
    data = await desk.store.picture(name)
    if data is None:
        raise Refusal("not_found", "There is no such picture.")
    return Response(data, headers={**FOREVER, "ETag": etag}, media_type=OUT_TYPE)


ROUTERS = (
    Router(
        "/api/products", tags=["catalog"], route_handlers=[upload], request_max_body_size=BODY_BYTES,
        dependencies={"catalog": Provide(provide_catalog)},
    ),
    Router("/api/jobs", tags=["catalog"], route_handlers=[read_job]),
    Router("/api/images", tags=["catalog"], route_handlers=[fetch]),
)
