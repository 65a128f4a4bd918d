"""Taking a picture in: kept with its event in one transaction, so that no worker hears of one that is not there."""

from datetime import datetime

from api.pictures.jobs import Job, Jobs
from api.pictures.store import PictureStore
from events.outbox import Outbox
from infra.transactions import Session, transact


class PictureDesk:
    """Uploads go through here."""

    def __init__(self, store: PictureStore, jobs: Jobs) -> None:
        self.store, self.jobs, self.outbox = store, jobs, Outbox(store.db)

    async def take(self, job: Job, data: bytes, content_hash: str, now: datetime) -> None:
        """Keep the upload and tell a worker. The job is known before anybody can work at it."""
        await self.jobs.put(job)

        async def write(session: Session) -> None:
            await self.store.add_upload(job.image_id, job.id, job.product_id, data, now, session)
            told = {"imageId": job.image_id, "productId": job.product_id, "contentHash": content_hash}
            await self.outbox.add("IMAGE_UPLOADED", told, session=session)

        await transact(self.store.db, write)
