"""People who did everything there is to do at a running service."""

from pathlib import Path

import pytest

from infra.clients import Database
from tests.api.accounts.people import Newcomers
from tests.api.personal.lives import Lives, live
from tests.api.programs import Program
from tests.api.serving import Service
from tests.waiting import until


@pytest.fixture
def newcomers(service: Service) -> Newcomers:
    """Whoever comes to this service without a token."""
    return Newcomers(service)


@pytest.fixture
async def lives(
    newcomers: Newcomers, database: Database, env: dict[str, str], programs: list[Program], tmp_path: Path
) -> Lives:
    """Three who did everything, beside a real worker."""
    worker = Program(tmp_path / "worker.log", env, "api.worker")
    programs.append(worker)
    await until(lambda: "working" in worker.said(), within_s=30)
    return await live(newcomers, database)
