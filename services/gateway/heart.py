"""What a worker does beside answering: its sign of life, the machine's load, its streams, zones without a size."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.gateway import Gateway
from services.gateway.usecases.zones import settle_waiting_zones
from shared.observability import Liveness, get_logger

log = get_logger("gateway.heart")

_BEAT_S = 2.0
_SETTLE_S = 5.0
_TURN = "gateway:settling"


class Heart:
    """A daemon thread of its own; one worker at a time settles zones."""

    def __init__(self, gateway: Gateway, redis: Redis, *, instance: str) -> None:
        self._gateway = gateway
        self._redis = redis
        self._liveness = Liveness(redis, service="gateway", instance=instance)
        self._worker = f"{instance}:{os.getpid()}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._liveness.beat()
            self._gateway.stats.sample()
            with suppress(RedisError):
                self._gateway.places.tell(self._redis, worker=self._worker)
            with suppress(RedisError):
                if self._redis.set(_TURN, 1, nx=True, px=int(_SETTLE_S * 1000)):
                    self._settle()
            self._stop.wait(_BEAT_S)

    def _settle(self) -> None:
        try:
            settle_waiting_zones(self._gateway)
        except SQLAlchemyError as error:
            log.warning("zones_not_settled", reason=type(error).__name__)
