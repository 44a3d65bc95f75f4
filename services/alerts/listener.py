"""Hearing what recipients answer over one channel, in one replica at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from services.alerts.answers import Listening, Take
from shared.domain.backoff import doubling_s
from shared.observability import get_logger
from shared.ownership.lease import Lease

log = get_logger("alerts.listener")

LEASE_TTL_S = 10.0
"""How soon another replica listens when this one died."""

_ENDS_WITHIN_S = 5.0
_RETRY_CAP_S = 60.0


class Listener:
    """Runs a channel's `listen` while this replica holds the lease; another's turn comes within the lease's life."""

    def __init__(
        self,
        name: str,
        channel: Listening,
        take: Take,
        *,
        lease: Lease,
        ttl_s: float = LEASE_TTL_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._channel = channel
        self._take = take
        self._lease = lease
        self._ttl_s = ttl_s
        self._monotonic = monotonic

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set, whenever it is this replica's turn. Blocks."""
        failures = 0
        while not stop.is_set():
            if not self._held():
                stop.wait(self._ttl_s / 4)
                continue
            log.info("listening", channel=self._name)
            failures = 0 if self._listen(stop) else failures + 1
            if failures:
                stop.wait(doubling_s(failures, base_s=1.0, cap_s=_RETRY_CAP_S))

    def _listen(self, stop: threading.Event) -> bool:
        """Until `stop`, or the lease is lost, or the channel gives up; whether it ended as it should."""
        over, failed = threading.Event(), threading.Event()

        def listen() -> None:
            try:
                self._channel.listen(over, self._take)
            except Exception:  # plug-in boundary: one channel that fails must not end the service
                log.exception("listening_failed", channel=self._name)
            if not over.is_set():
                failed.set()

        ears = threading.Thread(target=listen, name=f"ears-{self._name}", daemon=True)
        ears.start()
        self._keep(stop, ears)
        over.set()
        ears.join(_ENDS_WITHIN_S)
        if not ears.is_alive():
            self._release()
        return not failed.is_set()

    def _keep(self, stop: threading.Event, ears: threading.Thread) -> None:
        """Prolong the lease while it can be; stops listening before anybody else may have it."""
        kept_at = self._monotonic()
        while ears.is_alive() and not stop.wait(self._ttl_s / 10):
            held = self._prolonged()
            if held:
                kept_at = self._monotonic()
            elif held is not None or self._monotonic() - kept_at > self._ttl_s / 2:
                log.warning("listening_lease_lost", channel=self._name)
                return

    def _held(self) -> bool:
        return bool(self._prolonged())

    def _prolonged(self) -> bool | None:
        """None when Redis does not say."""
        try:
            return self._lease.acquire()
        except RedisError as error:
            log.warning("listening_lease_unknown", channel=self._name, reason=str(error)[:200])
            return None

    def _release(self) -> None:
        try:
            self._lease.release()
        except RedisError:
            log.debug("listening_lease_left_to_its_end", channel=self._name)
