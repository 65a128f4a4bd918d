"""Pictures in MongoDB: `image_uploads` as sent, until pressed or a day old; `images`, `_id` made of the content."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson.binary import Binary

from api.images.rules import Picture
from infra.clients import Database
from infra.transactions import Session

UPLOAD_KEPT_S = 86_400


class PictureStore:
    """Reads and writes pictures; raises what the driver raises."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def ensure_indexes(self) -> None:
        """Make the index; harmless when it stands."""
        await self.db.image_uploads.create_index("at", expireAfterSeconds=UPLOAD_KEPT_S)

    async def add_upload(
        self, image_id: str, job_id: str, product_id: str, data: bytes, now: datetime, session: Session
    ) -> None:
        """Keep an upload until a worker takes it."""
        row = {"_id": image_id, "job": job_id, "product": product_id, "data": Binary(data), "at": now}
        await self.db.image_uploads.insert_one(row, session=session)

    async def upload(self, image_id: str) -> dict[str, Any] | None:
        """The upload, or None when it was pressed before."""
        found: dict[str, Any] | None = await self.db.image_uploads.find_one({"_id": image_id})
        return found

    async def drop_upload(self, image_id: str, session: Session) -> None:
        """It was pressed, or cannot be."""
        await self.db.image_uploads.delete_one({"_id": image_id}, session=session)

    async def keep(self, pictures: Sequence[Picture], now: datetime, session: Session) -> dict[str, str]:
        """Keep these under names made of their content; size to name."""
        names = {}
        for each in pictures:
            name = names[each.name] = f"{hashlib.sha256(each.data).hexdigest()[:40]}.webp"
            row = {"data": Binary(each.data), "width": each.width, "height": each.height, "at": now}
            await self.db.images.update_one({"_id": name}, {"$setOnInsert": row}, upsert=True, session=session)
        return names

    async def picture(self, name: str) -> bytes | None:
        """The picture's bytes, or None."""
        found = await self.db.images.find_one({"_id": name}, {"data": 1})
        return bytes(found["data"]) if found else None
