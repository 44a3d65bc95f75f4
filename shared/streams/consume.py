"""The loop every stream consumer runs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from shared.domain.errors import Permanent, Transient
from shared.observability.logs import get_logger
from shared.streams.reader import GroupReader, Received

log = get_logger("streams.consume")

Handle = Callable[[list[Received]], None]

_BACKOFF_CAP_S = 10.0
_CRASHES_BEFORE_DEAD = 3
_POLL_MS = 1000


def consume(
    reader: GroupReader,
    handle: Handle,
    *,
    stop: threading.Event,
    count: int = 32,
    block_ms: int = _POLL_MS,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Poll, handle, acknowledge, until `stop` is set. Blocks.

    `handle` gets one or more messages in order, commits its work, and returns; then they are acknowledged. It may
    be called again with messages it has handled before (at-least-once) and must then change nothing.

    `Transient`, a lost Redis and a lost database are waited out with back-off: the same messages are handled
    again, none is skipped. `Permanent` sends the one message it came from to the dead letters; so does any other
    exception after three tries. `beat` is called on every round.
    """
    failures = 0
    waiting: list[Received] = []
    while not stop.is_set():
        beat()
        try:
            if not waiting:
                waiting = reader.poll(count=count, block_ms=block_ms)
            if waiting:
                _handle_all(reader, handle, waiting)
            waiting, failures = [], 0
        except (Transient, RedisError, OperationalError) as error:
            failures += 1
            _wait(stop, error, failures)


def _handle_all(reader: GroupReader, handle: Handle, batch: list[Received]) -> None:
    """Handle the batch in one go or, when one message of it is bad, one by one so that only that one is put aside."""
    if len(batch) > 1 and _succeeds(handle, batch):
        reader.ack(batch)
        return
    while batch:
        _handle_one(reader, handle, batch[0])
        del batch[0]


def _succeeds(handle: Handle, batch: list[Received]) -> bool:
    try:
        handle(batch)
    except (Transient, RedisError, OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 – consumer boundary: the culprit is found one by one
        log.warning("batch_failed", error=repr(error), count=len(batch))
        return False
    return True


def _handle_one(reader: GroupReader, handle: Handle, received: Received) -> None:
    for crash in range(1, _CRASHES_BEFORE_DEAD + 1):
        try:
            handle([received])
        except (Transient, RedisError, OperationalError):
            raise
        except Permanent as error:
            reader.dead_letter(received, str(error))
            return
        except Exception as error:  # consumer boundary: one bad message must not stop the others
            log.exception("message_failed", stream=received.stream, crash=crash)
            if crash == _CRASHES_BEFORE_DEAD:
                reader.dead_letter(received, repr(error))
                return
        else:
            reader.ack([received])
            return


def _wait(stop: threading.Event, error: Exception, failures: int) -> None:
    asked = error.retry_after_s if isinstance(error, Transient) else None
    delay = asked if asked is not None else min(_BACKOFF_CAP_S, 0.1 * 2**failures) * random.uniform(0.5, 1.0)
    log.warning("consumer_waits", reason=str(error)[:200], delay_s=round(delay, 2), failures=failures)
    stop.wait(delay)
