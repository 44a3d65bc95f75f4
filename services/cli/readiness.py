"""Whether the services that were started really work: signs of life in Redis, and the gateway's answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import httpx
from redis import Redis
from redis.exceptions import RedisError

from shared.messages.topics import LIVENESS
from shared.settings.sections import GatewaySettings

POLL_S = 0.2
TELL_AFTER_S = 30.0


def beating(redis: Redis, *, since: float = 0.0) -> dict[str, dict[str, str]]:
    """What every living instance says of itself, by instance; only those started at `since` (Unix time) or later."""
    found: dict[str, dict[str, str]] = {}
    for key in redis.scan_iter(LIVENESS.format(service="*", instance="*"), count=500):
        raw: dict[bytes, bytes] = redis.hgetall(key)  # type: ignore[assignment]
        fields = {name.decode(): value.decode(errors="replace") for name, value in raw.items()}
        if fields and float(fields.get("started_at", "0")) >= since:
            found[fields.get("instance", "")] = fields
    return found


def gateway_url(gateway: GatewaySettings) -> str:
    """Where a program on this machine reaches the gateway."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(gateway.host, gateway.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{gateway.port}"


def gateway_answers(url: str, *, timeout_s: float = 1.0) -> bool:
    """Whether `/health` gives an answer, whatever it says of others."""
    try:
        answer = httpx.get(f"{url}/health", timeout=timeout_s, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code in (200, 503)


class Readiness:
    """Watches in a thread until every instance has shown itself; then calls `on_ready` once.

    `on_slow` is called once with what is missing when that takes long. Ends with `stop`.
    """

    def __init__(
        self,
        redis: Redis,
        instances: Mapping[str, str],
        *,
        gateway: str | None,
        on_ready: Callable[[float], None],
        on_slow: Callable[[list[str]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._instances = instances
        self._gateway = gateway
        self._on_ready = on_ready
        self._on_slow = on_slow
        self._clock = clock
        self._stopped = threading.Event()
        self._since = clock()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def missing(self) -> list[str]:
        """The services that have not shown themselves yet."""
        try:
            alive = beating(self._redis, since=self._since)
        except RedisError:
            return ["redis"]
        return [
            name
            for name, instance in self._instances.items()
            if not (self._gateway_answers() if name == "gateway" else instance in alive)
        ]

    def _gateway_answers(self) -> bool:
        return self._gateway is not None and gateway_answers(self._gateway)

    def _run(self) -> None:
        told = False
        while not self._stopped.wait(POLL_S):
            missing = self.missing()
            took_s = self._clock() - self._since
            if not missing:
                self._on_ready(took_s)
                return
            if took_s > TELL_AFTER_S and not told:
                told = True
                self._on_slow(missing)
