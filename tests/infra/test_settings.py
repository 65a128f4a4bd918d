"""Settings: all in one place, all written down, and none that is weak or wrong is taken silently."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from infra.settings import BadSetting, Settings, check_for_service, load

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("api", "tracking", "chat", "notifications", "geo", "live", "infra", "client", "city")
# Read from the operating system, not settings of ours.
NOT_OURS = {"HOME", "PATH", "NO_COLOR", "TMPDIR"}
GOOD = {"REDIS_URL": "redis://h", "MONGO_URL": "mongodb://h", "JWT_SECRET": "s" * 32}


def written_down() -> dict[str, str]:
    """Name → value of every line of .env.example."""
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def names_read_in(path: Path) -> set[str]:
    """Variables that a file reads by a literal name, in any of the ways there are."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        text = ast.unparse(node) if isinstance(node, ast.Call | ast.Subscript) else ""
        found |= set(re.findall(r"environ(?:\.get\(|\[|, )['\"]([A-Z][A-Z0-9_]*)['\"]", text))
        found |= set(re.findall(r"getenv\(['\"]([A-Z][A-Z0-9_]*)['\"]", text))
    return found


def test_every_variable_that_is_read_is_written_down_and_no_other() -> None:
    """.env.example names each field of Settings and each variable read elsewhere, once."""
    fields = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    files = [path for name in PROGRAMS for path in (ROOT / name).rglob("*.py")]
    read = set().union(*(names_read_in(path) for path in files)) - NOT_OURS
    assert fields | read == set(written_down())


def test_the_written_defaults_are_the_real_ones() -> None:
    """What .env.example shows is what happens without it, except for the addresses of servers."""
    shown = {name: value for name, value in written_down().items() if name not in ("REDIS_URL", "MONGO_URL")}
    assert load({}) == load(shown)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """NAME_FILE wins, and a file that cannot be read is an error that names it."""
    (tmp_path / "secret").write_text("from a file\n")
    assert "from a file" == load({"JWT_SECRET_FILE": str(tmp_path / "secret"), "JWT_SECRET": "plain"}).jwt_secret
    with pytest.raises(BadSetting, match="JWT_SECRET_FILE names /nowhere"):
        load({"JWT_SECRET_FILE": "/nowhere"})


def test_redis_may_be_given_in_parts() -> None:
    """Host, port, password and database make the URL; a password with odd characters is quoted."""
    parts = {"REDIS_HOST": "h", "REDIS_PORT": "7000", "REDIS_PASSWORD": "a/b@c", "REDIS_DB": "2"}
    assert "redis://:a%2Fb%40c@h:7000/2" == load(parts).redis_url


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"DURABILITY": "maybe"}, "DURABILITY is 'maybe'"), ({"MAX_SOCKETS": "many"}, "wrong form"),
        ({"DRAIN_S": "soon"}, "wrong form"),
    ],
)
def test_a_setting_of_the_wrong_form_is_refused(wrong: dict[str, str], told: str) -> None:
    """The error says which one."""
    with pytest.raises(BadSetting, match=told):
        load(wrong)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"REDIS_URL": ""}, "REDIS_URL is not set"), ({"MONGO_URL": ""}, "MONGO_URL is not set"),
        ({"JWT_SECRET": ""}, "neither JWT_SECRET nor JWKS_URL"), ({"JWT_SECRET": "short"}, "JWT_SECRET is weak"),
    ],
)
def test_a_service_refuses_to_start_without_what_it_needs(missing: dict[str, str], told: str) -> None:
    """The first missing or weak setting is named."""
    check_for_service(load(GOOD))
    with pytest.raises(BadSetting, match=told):
        check_for_service(load(GOOD | missing))


@pytest.mark.parametrize("url", [
    "amqp://guest:guest@rabbitmq:5672/", "amqp://ok:Xf93kd03@one/,amqp://harvest:harvest123@two:5672/",
])
def test_a_password_that_everybody_knows_is_refused(url: str) -> None:
    """Logins from tutorials open no server but one's own machine's."""
    with pytest.raises(BadSetting, match="password in RABBITMQ_URL"):
        check_for_service(load(GOOD | {"RABBITMQ_URL": url}))
    check_for_service(load(GOOD | {"RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:5672/"}))


def test_a_url_goes_before_its_parts() -> None:
    """REDIS_URL wins over REDIS_HOST."""
    assert "redis://url/1" == load({"REDIS_URL": "redis://url/1", "REDIS_HOST": "parts"}).redis_url


def test_printed_settings_keep_their_secrets() -> None:
    """Neither plain nor in a coloured traceback's way is a value of a setting seen; which are set is."""
    settings = load(GOOD | {"REDIS_URL": "redis://:hush@h"})
    for printed in (repr(settings), str(settings), str(list(settings.__rich_repr__()))):
        assert "jwt_secret" in printed
        assert GOOD["JWT_SECRET"] not in printed
        assert "hush" not in printed
