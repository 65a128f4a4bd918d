"""What the commands say, and the exit codes scripts rely on."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner, Result

from api.cli import COMMANDS, ridewire
from api.commands import secret
from infra.embedded.mongod import Mongod
from infra.embedded.mongod import binary as mongod_binary
from infra.embedded.ports import free_port
from infra.embedded.process import ROOT, ServerProcess
from infra.embedded.valkey import Valkey
from infra.settings import BadSetting

SECRET = "0123456789abcdef0123456789abcdef"
OURS = ("REDIS_URL", "MONGO_URL", "RABBITMQ_URL", "JWT_SECRET", "JWT_SECRET_FILE", "JWKS_URL")
CLEAN: dict[str, str | None] = dict.fromkeys(OURS)


def run(*words: str, **environment: str) -> Result:
    """One command in this process, with only these settings."""
    return CliRunner().invoke(ridewire, list(words), env=CLEAN | environment)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """`--help` shows examples and exit codes."""
    told = run(name, "--help")
    assert 0 == told.exit_code, told.output
    told_by_subcommands = name in ("admin", "city")
    assert ("Example" in told.output, "Exit codes" in told.output) == (True, True) or told_by_subcommands


def test_help_names_every_command_and_imports_none() -> None:
    """The list is quick, and in the order a newcomer needs."""
    told = run("--help")
    places = [told.output.index(f"\n  {name} ") for name in COMMANDS]
    assert sorted(places) == places


def test_an_unknown_command_is_wrong_usage() -> None:
    """Exit 2."""
    assert 2 == run("dance").exit_code


def test_a_token_is_printed_alone_and_says_who_it_is_for() -> None:
    """So that $(ridewire token …) can be used as it is."""
    told = run("token", "--sub", "r1", "--role", "rider", "--ttl", "60", JWT_SECRET=SECRET)
    claims = jwt.decode(told.stdout.strip(), SECRET, algorithms=["HS256"], audience="ridewire")
    assert ("r1", "rider", 60) == (claims["sub"], claims["role"], claims["exp"] - claims["iat"])


def test_a_tokens_json_tells_when_it_ends() -> None:
    """For scripts."""
    told = json.loads(run("token", "--sub", "r1", "--role", "admin", "--json", JWT_SECRET=SECRET).stdout)
    assert ("r1", "admin") == (told["sub"], told["role"])
    assert abs(told["expires_at"] - time.time() - 900) < 10


def test_without_a_secret_there_is_no_token(tmp_path: Path) -> None:
    """Exit 2 and what to do."""
    told = run("token", "--sub", "r1", "--role", "rider", "--data", str(tmp_path))
    assert 2 == told.exit_code
    assert "JWT_SECRET is not set" in told.output


def test_a_demos_secret_is_kept_for_its_owner_alone_and_signs_tokens(tmp_path: Path) -> None:
    """Made once, mode 0600, found again by `token --data`."""
    first = secret.keep_in(tmp_path)
    assert first == secret.keep_in(tmp_path)
    assert (64, 0o600) == (len(first), stat.S_IMODE((tmp_path / secret.FILE).stat().st_mode))
    told = run("token", "--sub", "r1", "--role", "rider", "--data", str(tmp_path))
    assert "r1" == jwt.decode(told.stdout.strip(), first, algorithms=["HS256"], audience="ridewire")["sub"]


def test_a_wrong_setting_is_a_sentence_and_exit_2() -> None:
    """No traceback."""
    command, environment = [sys.executable, "-m", "api.cli", "doctor"], {**os.environ, "DURABILITY": "perhaps"}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (2, "ridewire: DURABILITY is 'perhaps'; it must be 'redis' or 'mongo'\n") == (told.returncode, told.stderr)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_is_served_without_its_servers(command: str) -> None:
    """The missing setting is named before anything is opened."""
    told = run(command)
    assert isinstance(told.exception, BadSetting) or told.exit_code == 2


def findings(told: Result) -> dict[str, Any]:
    """Name → finding of `doctor --json`."""
    return {finding["name"]: finding for finding in json.loads(told.stdout)["findings"]}


def test_the_doctor_is_content_with_servers_as_they_must_be(valkey: Valkey, mongod: Mongod) -> None:
    """Exit 0; versions, promises and clocks were looked at."""
    told = run("doctor", "--json", REDIS_URL=valkey.url, MONGO_URL=mongod.url, JWT_SECRET=SECRET)
    assert 0 == told.exit_code, told.output
    names = ("Redis", "Redis keeps acks", "Redis evicts nothing", "Redis clock", "MongoDB transacts", "MongoDB clock")
    assert dict.fromkeys(names, "ok") == {name: findings(told)[name]["state"] for name in names}


def test_the_doctor_refuses_a_redis_that_forgets_and_a_mongo_without_transactions(tmp_path: Path) -> None:
    """Exit 1, and each finding has its command."""
    valkey = Valkey(tmp_path / "valkey", extra=("--appendonly", "no", "--maxmemory-policy", "allkeys-lru")).start()
    port = free_port()
    (tmp_path / "db").mkdir()
    command = [str(mongod_binary()), "--port", str(port), "--bind_ip", "127.0.0.1", "--dbpath", str(tmp_path / "db")]
    alone = ServerProcess("mongod", [*command, "--nounixsocket"], tmp_path / "log")
    try:
        alone.start(lambda: "Waiting for connections" in alone.tail(5))
        url = f"mongodb://127.0.0.1:{port}"
        told = run("doctor", "--json", REDIS_URL=valkey.url, MONGO_URL=url, JWT_SECRET=SECRET)
    finally:
        valkey.stop()
        alone.stop()
    assert 1 == told.exit_code
    wrong = {name: each["fix"].split()[0] for name, each in findings(told).items() if each["state"] == "wrong"}
    assert {"Redis keeps acks": "redis-cli", "Redis evicts nothing": "redis-cli", "MongoDB transacts": "start"} == wrong


def test_the_doctor_looks_at_what_only_helps(valkey: Valkey, mongod: Mongod, tmp_path: Path) -> None:
    """A cache that evicts nothing and a mail server that is away are advice; the service runs without them."""
    cache = Valkey(tmp_path / "cache", extra=("--maxmemory-policy", "allkeys-lru")).start()
    servers = {"REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "JWT_SECRET": SECRET}
    try:
        with socket.create_server(("127.0.0.1", 0)) as gateway:
            away, there = f"127.0.0.1:{free_port()}", f"127.0.0.1:{gateway.getsockname()[1]}"
            told = run("doctor", "--json", **servers, REDIS_CACHE_URL=cache.url, SMTP_URL=f"smtp://{away}",
                       SMS_URL=f"http://{there}/send")
    finally:
        cache.stop()
    again = run("doctor", "--json", **servers, REDIS_CACHE_URL=valkey.url.replace("/0", "/1"))
    states = {name: findings(told)[name]["state"] for name in ("cache", "mail server", "SMS gateway")}
    assert {"cache": "ok", "mail server": "advice", "SMS gateway": "ok"} == states
    assert (0, 0, "advice") == (told.exit_code, again.exit_code, findings(again)["cache"]["state"])


def test_the_doctor_names_servers_that_do_not_answer() -> None:
    """Exit 1 within seconds, with a reason for each."""
    nowhere = f"127.0.0.1:{free_port()}"
    told = run(
        "doctor", REDIS_URL=f"redis://{nowhere}", MONGO_URL=f"mongodb://{nowhere}", RABBITMQ_URL=f"amqp://{nowhere}",
        JWT_SECRET="weak",
    )
    assert 1 == told.exit_code
    assert "not ready to serve: settings, Redis, MongoDB, RabbitMQ" in told.output
