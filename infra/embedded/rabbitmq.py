"""RabbitMQ from the system's package as a private child: its own ports, cookie, epmd and data; gone with the parent."""

import shutil
import socket
from pathlib import Path

from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess

# The package's own script, not /usr/sbin's: that one changes to the `rabbitmq` user and to /var/lib.
PLACES = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server")
AMQP_HELLO, START_FRAME = b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00"


def binary() -> Path:
    """The server's start script; raises FileNotFoundError with what to do."""
    found = next((place for place in PLACES if Path(place).is_file()), None) or shutil.which("rabbitmq-server")
    if found is None:
        raise FileNotFoundError("no RabbitMQ: run script/setup (apt-get install rabbitmq-server)")
    return Path(found)


class RabbitMQ:
    """A private broker; `url` is where it answers. Durable queues in `directory` survive a restart."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory, self.port = directory.resolve(), port or free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self.process = ServerProcess(
            "RabbitMQ", [str(binary())], self.directory / "rabbitmq.log", env=self._environment(), grace_s=20
        )

    def _environment(self) -> dict[str, str]:
        """The node keeps its name, so that it finds its data again; a private epmd keeps that name from clashing."""
        home = str(self.directory)
        return {
            "HOME": home, "RABBITMQ_NODENAME": "ridewire@localhost", "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia", "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf", "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home}/advanced.config",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/rabbitmq-env.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
        }

    def _is_ready(self) -> bool:
        """Ready once it answers AMQP's first words; a mere open port is not enough."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(AMQP_HELLO)
                return line.recv(len(START_FRAME)) == START_FRAME
        except OSError:
            return False

    def start(self) -> "RabbitMQ":
        """Start and wait until it speaks AMQP."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for empty in ("rabbitmq.conf", "rabbitmq-env.conf"):
            (self.directory / empty).touch()
        (self.directory / "plugins").write_text("[].\n")
        self.process.start(self._is_ready, within_s=90)
        return self

    def kill(self) -> None:
        """kill -9, for fault tests."""
        self.process.kill()

    def stop(self) -> None:
        """Stop cleanly; epmd goes too."""
        self.process.stop()
