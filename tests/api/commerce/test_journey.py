"""What an integrator does by HTTP alone works from sign-up to the day's numbers, with a real worker behind it."""

import pytest

from bench.journey import journey
from infra.clients import Database
from tests.api.programs import Program
from tests.api.serving import SECRET, Service, token
from tests.waiting import until

pytestmark = pytest.mark.long


@pytest.mark.timeout(240)
async def test_a_marketplaces_day(service: Service, database: Database, tmp_path: object) -> None:
    """Sign up, sell with a picture, order, talk, deliver, rate, earn, count."""
    settings = service.app.settings
    env = {
        "REDIS_URL": settings.redis_url, "MONGO_URL": settings.mongo_url, "MONGO_DB": settings.mongo_db,
        "KEY_PREFIX": settings.key_prefix, "JWT_SECRET": SECRET,
    }
    worker = Program(tmp_path / "worker.log", env, "api.worker")  # type: ignore[operator]
    try:
        await until(lambda: "working" in worker.said(), within_s=30)
        await journey(service.url, token("admin", "boss"))
    finally:
        worker.kill()
