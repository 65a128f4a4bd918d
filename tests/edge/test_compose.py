"""compose.yaml and Dockerfile, read as data: what is published, who may write where, how each server is asked."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import yaml

from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = {name: service for name, service in SERVICES.items() if name != "mongo-init"}


def mounted_secrets(service: dict[str, Any]) -> set[str]:
    """Names of the secrets that a service is given."""
    return {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])}


def test_every_part_of_the_service_is_there() -> None:
    """nginx, two instances, a worker, Valkey for state and for cache, MongoDB and RabbitMQ."""
    wanted = {"nginx", "app1", "app2", "worker", "valkey", "cache", "mongo", "mongo-init", "rabbitmq"}
    assert wanted == set(SERVICES)


def test_only_nginx_faces_the_world() -> None:
    """No other container publishes a port to others than this machine, and the servers' networks have no way out."""
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {"nginx", "rabbitmq"} == set(ports)
    assert ["127.0.0.1:${RABBITMQ_PAGE_PORT:-15672}:15672"] == ports["rabbitmq"]
    assert "management" in SERVICES["rabbitmq"]["image"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert {"com.docker.network.bridge.enable_ip_masquerade": "false"} == COMPOSE["networks"]["page"]["driver_opts"]
    behind = {name: set(SERVICES[name]["networks"]) for name in ("valkey", "cache", "mongo", "rabbitmq")}
    assert {name: {"data"} for name in behind} | {"rabbitmq": {"data", "page"}} == behind


def test_every_container_is_unprivileged_and_read_only() -> None:
    """No root, no capability, no new privilege, no writable image."""
    for name, service in SERVICES.items():
        hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
        assert hardened == {key: service.get(key) for key in hardened}, name
        assert service["user"] not in ("root", "0"), name


def test_lasting_containers_come_back_and_are_asked_whether_they_are_well() -> None:
    """Each restarts by itself and has a health check; Valkey 10 s / 3 s / 3, RabbitMQ 10 s / 5 s / 3."""
    assert [] == [name for name, service in LASTING.items() if service["restart"] != "unless-stopped"]
    checks = {name: service["healthcheck"] for name, service in LASTING.items()}
    rhythm = {name: (check["interval"], check["timeout"], check["retries"]) for name, check in checks.items()}
    assert [("10s", "3s", 3)] * 2 + [("10s", "5s", 3)] == [rhythm[name] for name in ("valkey", "cache", "rabbitmq")]
    assert "ping" in checks["valkey"]["test"][1]
    assert ["CMD", "rabbitmq-diagnostics", "-q", "ping"] == checks["rabbitmq"]["test"]


def test_images_are_pinned_and_volumes_declared() -> None:
    """No image floats on `latest`; every named volume exists."""
    images = {service["image"] for service in SERVICES.values()} - {"ridewire"}
    assert [] == [image for image in images if not re.fullmatch(r"[\w./-]+:\d[\w.-]*", image)]
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert set() == {name for name in mounts if not name.startswith(".")} - set(COMPOSE["volumes"])
    files = [mount for mount in mounts if mount.startswith("./") and "$" not in mount and mount != "./certs"]
    assert [] == [mount for mount in files if not (ROOT / mount).exists()]


def test_secrets_are_files_and_never_values() -> None:
    """A NAME_FILE variable names a secret that its container is given; nothing secret stands in the file itself."""
    for name, service in SERVICES.items():
        given = service.get("environment", {})
        files = {value.removeprefix("/run/secrets/") for key, value in given.items() if key.endswith("_FILE")}
        assert set() == files - mounted_secrets(service), name
        assert set() == mounted_secrets(service) - set(COMPOSE["secrets"]), name
        assert [] == [key for key in given if re.search("(SECRET|PASSWORD|_URL)$", key) and key != "PUBLIC_URL"], name


def test_the_script_makes_every_secret_once(tmp_path: Path) -> None:
    """script/secrets writes each file compose.yaml names, keeps them on a second run, and lets only the owner in."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script" / "secrets", tmp_path / "script")
    for _ in range(2):
        subprocess.run([tmp_path / "script" / "secrets"], check=True, capture_output=True, timeout=20)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {secret["file"].removeprefix("./secrets/") for secret in COMPOSE["secrets"].values()} <= set(made)
    assert made["valkey_password"].strip() in made["redis_url"]
    assert 0o700 == (tmp_path / "secrets").stat().st_mode & 0o777
    again = subprocess.run([tmp_path / "script" / "secrets"], check=True, capture_output=True, text=True, timeout=20)
    assert "" == again.stdout


def test_variables_are_settings_that_exist() -> None:
    """A variable given to the service is one it reads."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)} | {"FORWARDED_ALLOW_IPS"}
    given = {key.removesuffix("_FILE") for key in SERVICES["app1"]["environment"]}
    assert set() == given - known


def test_settings_in_env_reach_every_program_of_ours() -> None:
    """What somebody writes into .env holds for instances and workers; secrets from files go before it."""
    for name in ("app1", "app2", "worker"):
        assert [{"path": ".env", "required": False}] == SERVICES[name]["env_file"], name


def test_nginx_and_compose_name_the_same_instances() -> None:
    """Each upstream is a service with a fixed address, and the trusted proxy is nginx's."""
    upstream = re.findall(r"server (\w+):8000", (ROOT / "nginx" / "upstream.conf").read_text())
    assert ["app1", "app2"] == upstream
    addresses = {name: SERVICES[name]["networks"]["edge"]["ipv4_address"] for name in ("nginx", *upstream)}
    assert len(addresses) == len(set(addresses.values()))
    assert addresses["nginx"] == SERVICES["app1"]["environment"]["FORWARDED_ALLOW_IPS"]


def test_an_instance_gets_longer_to_stop_than_it_needs_to_drain() -> None:
    """Docker's patience exceeds the drain."""
    assert int(SERVICES["app1"]["stop_grace_period"].removesuffix("s")) > Settings().drain_s


def test_the_image_is_built_in_stages_and_runs_as_nobody_special() -> None:
    """Build tools stay behind, bases are pinned, the last USER is not root, and every package is copied."""
    text = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert (3, []) == (len(bases), [base for base in bases if not re.search(r":\d", base)])
    assert ["ridewire"] == re.findall(r"^USER (\S+)", text, re.MULTILINE)
    packages = re.findall(r"^root_packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    assert [] == [name for name in re.findall(r'"(\w+)"', packages) if f"COPY {name}/" not in text]
    assert {".env", "secrets", ".git"} <= set((ROOT / ".dockerignore").read_text().splitlines())
