"""Everything the OpenAPI description offers, asked with invented data: no 5xx, no answer that is not described.

    python -m bench.fuzz --examples 30

starts a service on servers of its own and asks every operation so often, as each role and without a token. It
prints what it found and exits 1 when that is anything. The test run does the same with a few examples.
"""

import argparse
import asyncio
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.logs import set_up

CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]
CALL_S = 20


class Fuzz:
    """Asks one running service. `document`: its OpenAPI description; `left_out`: operations that are not asked."""

    def __init__(self, document: dict[str, Any], origin: str, left_out: Mapping[str, str] | None = None) -> None:
        self.schema = schemathesis.openapi.from_dict(document)
        self.origin, self.left_out = origin, left_out or {}
        self.asked = 0

    def run(self, bearer: str | None, examples: int, begin: int) -> list[str]:
        """What is wrong, asked with this token; one entry an operation."""
        found = []
        results: list[Any] = list(self.schema.get_all_operations())
        for result in results:
            operation = result.ok()
            if operation.label not in self.left_out:
                found += self._ask(operation, bearer, examples, begin)
        return found

    def _ask(self, operation: Any, bearer: str | None, examples: int, begin: int) -> list[str]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

        @seed(begin)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            self.asked += 1
            if not bearer:
                case.headers.pop("Authorization", None)
            answer = case.call(base_url=self.origin, headers=headers, timeout=CALL_S, allow_redirects=False)
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as error:
            return [f"{operation.label}: {told(error)}"]
        return []


def told(error: BaseException) -> str:
    """The failure and, of a group of them, each."""
    if isinstance(error, BaseExceptionGroup):
        return " | ".join(told(each) for each in error.exceptions)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:600]}"


async def everybody(examples: int) -> int:
    """Start a service, ask as everybody, print what was found; how much that was."""
    from infra.embedded.mongod import Mongod
    from infra.embedded.valkey import Valkey
    from infra.settings import Settings
    from tests.api.described import PEOPLE, fuzz_of
    from tests.api.serving import SECRET, serving

    with tempfile.TemporaryDirectory() as place:
        valkey, mongod = Valkey(Path(place) / "valkey").start(), Mongod(Path(place) / "mongod").start()
        try:
            own = Settings(
                redis_url=valkey.url, mongo_url=mongod.url, mongo_db="fuzz", key_prefix="fuzz", jwt_secret=SECRET
            )
            async with serving(own) as service:
                fuzz, bearers = await fuzz_of(service)
                found = []
                for name in PEOPLE:
                    found += [f"{name}: {each}" for each in await asyncio.to_thread(
                        fuzz.run, bearers[name], examples, 1
                    )]
        finally:
            valkey.stop()
            mongod.stop()
    print("\n".join([*found, f"{fuzz.asked} requests, {len(found)} findings"]))
    return len(found)


def main() -> int:
    """The command."""
    words = argparse.ArgumentParser(prog="python -m bench.fuzz")
    words.add_argument("--examples", type=int, default=30)
    warnings.simplefilter("ignore")
    set_up("error")  # thousands of requests a minute; only what failed is worth a line
    return min(1, asyncio.run(everybody(words.parse_args().examples)))


if __name__ == "__main__":
    sys.exit(main())
