"""A whole service for the commands that talk to one."""

from collections.abc import Iterator

import pytest

from api.commands import secret
from api.demo.stack import Stack, Wanted
from infra.embedded.ports import free_port
from infra.settings import load


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wanted]:
    """Embedded servers, the service and its worker, as `ridewire demo --riders 0` starts them."""
    wanted = Wanted(host="127.0.0.1", port=free_port(), data=tmp_path_factory.mktemp("service"), settings=load({}))
    secret.keep_in(wanted.data)
    told: list[str] = []
    stack = Stack(wanted, told.append)
    try:
        stack.start()
        yield wanted
    finally:
        stack.stop()
    assert [] == [line for line in told if "ended" in line], "nothing crashed meanwhile"
