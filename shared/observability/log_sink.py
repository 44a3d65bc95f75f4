"""Log records on their way to Redis."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import Any

import structlog
from redis import Redis

from shared.messages.topics import LOGS

_BOUND = 5_000
_QUEUE = 1_000
_BATCH = 100


class RedisSink:
    """A structlog processor that also sends each record to the bounded `logs` stream.

    Never blocks and never raises: records that Redis does not take in time are dropped.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(_QUEUE)
        self._pid = 0

    def __call__(self, _: Any, __: str, record: Any) -> Any:
        self._ensure_thread()
        # A lost log line must never cost the work it tells of.
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait({name: value for name, value in record.items() if not name.startswith("_")})
        return record

    def _ensure_thread(self) -> None:
        pid = os.getpid()
        if self._pid != pid:
            # The first record of this process: a thread of the parent's does not live on in a forked worker.
            self._pid = pid
            self._queue = queue.Queue(_QUEUE)
            threading.Thread(target=self._run, args=(self._queue,), name="log-sink", daemon=True).start()

    def _run(self, records: queue.Queue[dict[str, Any]]) -> None:
        while True:
            batch = [records.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < _BATCH:
                    batch.append(records.get_nowait())
            # Thread boundary: the lines are on stdout all the same, and the next ones must get their chance.
            with contextlib.suppress(Exception):
                self._send(batch)

    def _send(self, batch: list[dict[str, Any]]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for record in batch:
            pipe.xadd(LOGS, {"record": _RENDER(None, "", record)}, maxlen=_BOUND, approximate=True)
        pipe.execute()


_RENDER = structlog.processors.JSONRenderer(default=str)
