"""When the worker has lessons given (`lesson.py`): in processes of their own, as what learns is slow to import."""

import asyncio
import sys

import structlog

log = structlog.get_logger(__name__)
EVERY_S, FIRST_S, LONGEST_S = 6 * 3600.0, 600.0, 3600.0


async def teach_now_and_then() -> None:
    """The worker's duty: a lesson in a process of its own, so that the persister keeps its turn."""
    wait_s = FIRST_S
    while True:
        await asyncio.sleep(wait_s)
        wait_s = EVERY_S
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "api.cli", "learn")
        try:
            async with asyncio.timeout(LONGEST_S):
                code = await process.wait()
            log.info("a lesson is over", exit_code=code)
        except BaseException:
            process.kill()
            await process.wait()
            raise
