"""Pictures for messages: sent up over HTTP, then named by a message, and given to the members of its room only."""

import uuid
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import MultipartBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.errors import Refusal, Refused
from api.images.press import Press
from api.images.rules import LIMITS, OUT_TYPE, Wanted
from api.problems import described
from api.rights import UserThing, may
from api.rooms.entry import person_of
from api.rooms.routes import Rooms, provide_entry
from api.rooms.shapes import AttachmentView
from chat.attachments import MOST_WAITING, SIZES, file_name, shown
from chat.rooms import utc_now

AROUND_BYTES = 64 * 1024  # what a form adds to its file
NO_SUCH = Refused("not_found", "There is no such attachment, or it is not for you.", "attachment_id")
WANTED = tuple(Wanted(name, longest_px) for name, longest_px in SIZES.items())
Pictures = NamedDependency[Press]
AttachmentId = Annotated[str, PathParameter(description="the attachment's id", max_length=64)]


class Upload(msgspec.Struct):
    """The form: one picture in the field `file`."""

    file: UploadFile


async def provide_press(state: State) -> Press:
    """The dependency `press`."""
    press: Press = state.press
    return press


@post("/", summary="Send a picture up", responses=described(403, 413, 415, 422, 429))
async def upload(entry: Rooms, press: Pictures, actor: Caller, data: MultipartBody[Upload]) -> AttachmentView:
    """A JPEG, PNG, WebP or GIF of at most 8 MiB. It is drawn anew without where and with what it was taken, and waits a
    day for the message that names its `id`."""
    if not may(actor, "attachment.upload", UserThing(actor.sub)):
        raise Refusal("forbidden", f"A {actor.role} sends no pictures.")
    album, owner = entry.desk.store.album, person_of(actor).key
    if await album.waiting(owner) >= MOST_WAITING:
        told = f"{MOST_WAITING} pictures wait for a message already; send some of them first."
        raise Refusal("rate_limited", told, "file", after_ms=60_000)
    pressed = await press(await data.file.read(LIMITS.most_bytes + 1), WANTED)
    if isinstance(pressed, Refused):
        raise Refusal.of(pressed)
    full = pressed[0]
    row = {
        "_id": f"a{uuid.uuid4().hex}", "owner": owner, "name": file_name(data.file.filename or ""), "type": OUT_TYPE,
        "width": full.width, "height": full.height, "bytes": len(full.data),
    }
    await album.insert(row, {each.name: each.data for each in pressed}, utc_now())
    return AttachmentView(**shown(row))


@get("/{attachment_id:str}", summary="A picture", responses=described(404))
async def fetch(
    entry: Rooms, actor: Caller, attachment_id: AttachmentId,
    size: Annotated[Literal["full", "small"], QueryParameter(description="at most 2048 or 480 pixels a side")] = "full",
) -> Response[bytes]:
    """For the members of the room it was said in; before that for whoever sent it up."""
    album = entry.desk.store.album
    row = await album.find(attachment_id)
    if row is None or not await entry.attachment(actor, row):
        raise Refusal.of(NO_SUCH)
    picture = await album.picture(attachment_id, size)
    if picture is None:
        raise Refusal.of(NO_SUCH)
    named = f"attachment; filename=\"picture.webp\"; filename*=UTF-8''{quote(row['name'] + '.webp', safe='')}"
    headers = {"Content-Disposition": named, "Cache-Control": "private, max-age=3600", "Vary": "Authorization"}
    return Response(picture, media_type=OUT_TYPE, headers=headers)


router = Router(
    "/api/attachments", tags=["rooms"], request_max_body_size=LIMITS.most_bytes + AROUND_BYTES,
    route_handlers=[upload, fetch],
    dependencies={"entry": Provide(provide_entry), "press": Provide(provide_press)},
)
