"""How far a picture's job is, in Redis: told until a day after it ended."""

import re
from typing import Any, Literal

import msgspec

KEPT_S = 86_400
GIVEN_UP_AFTER_S = 7 * 86_400  # a job that no worker ever took
JOB_ID = re.compile("^j[0-9a-f]{24}$")
State = Literal["queued", "working", "done", "failed"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it stands. `progress` goes from 0 to 1; `problem` says why it failed."""

    id: str
    kind: Literal["image"] = "image"
    state: State = "queued"
    progress: float = 0.0
    vendor_id: str
    product_id: str
    image_id: str
    problem: str | None = None


class Jobs:
    """Reads and writes jobs; `redis` answers raw bytes. Raises what the driver raises."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self.redis, self.prefix = redis, prefix

    async def put(self, job: Job) -> None:
        """The job stands so now."""
        ttl_s = KEPT_S if job.state in ("done", "failed") else GIVEN_UP_AFTER_S
        await self.redis.set(self._key(job.id), msgspec.json.encode(job), ex=ttl_s)

    async def get(self, job_id: str) -> Job | None:
        """The job, or None."""
        found = await self.redis.get(self._key(job_id)) if JOB_ID.match(job_id) else None
        return msgspec.json.decode(found, type=Job) if found else None

    async def move(self, job_id: str, **fields: Any) -> None:
        """Change some fields of a job that is still known."""
        job = await self.get(job_id)
        if job is not None:
            await self.put(msgspec.structs.replace(job, **fields))

    def _key(self, job_id: str) -> str:
        return f"{self.prefix}:job:{job_id}"
