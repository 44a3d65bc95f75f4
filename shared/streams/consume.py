"""The loop every stream consumer runs."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable

from redis.exceptions import DataError, RedisError, ResponseError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.domain.backoff import doubling_s
from shared.domain.errors import Permanent, Transient
from shared.observability.logs import get_logger
from shared.streams.reader import GroupReader, Received

log = get_logger("streams.consume")

Handle = Callable[[list[Received]], None]

_BACKOFF_BASE_S = 0.2
_BACKOFF_CAP_S = 10.0
_CRASHES_BEFORE_DEAD = 3
_POLL_MS = 1000
_BEAT_S = 1.0
# What Redis says of a command that is wrong in itself comes without a code, or with one of these.
_WRONG_COMMAND = re.compile(r"WRONGTYPE |ERR |(?![A-Z]{3,} )")


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
    again, none is skipped, unless their shard has passed to another member meanwhile. `Permanent` sends the one
    message it came from to the dead letters; so does any other exception after three tries. `beat` is called on
    every round, and once a second while waiting.
    """
    failures = 0
    waiting: list[Received] = []
    while not stop.is_set():
        beat()
        try:
            waiting = reader.keep_owned(waiting) or reader.poll(count=count, block_ms=block_ms)
            if waiting:
                _handle_all(reader, handle, waiting)
            waiting, failures = [], 0
        except Exception as error:
            if not _may_pass(error):
                raise
            failures += 1
            _wait(stop, error, failures=failures, beat=beat)


def _may_pass(error: Exception) -> bool:
    """Whether the same work may succeed later without anybody's doing."""
    if type(error) is ResponseError:  # its subclasses are states of the server: out of memory, read-only, …
        return _WRONG_COMMAND.match(str(error)) is None
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError) or error.connection_invalidated
    return isinstance(error, Transient | RedisError | PoolTimeoutError) and not isinstance(error, DataError)


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
    except Exception as error:  # consumer boundary: the culprit is found one by one
        if _may_pass(error):
            raise
        log.warning("batch_failed", error=_told(error), count=len(batch))
        return False
    return True


def _handle_one(reader: GroupReader, handle: Handle, received: Received) -> None:
    for crash in range(1, _CRASHES_BEFORE_DEAD + 1):
        try:
            handle([received])
        except Permanent as error:
            reader.dead_letter(received, str(error) or type(error).__name__)
            return
        except Exception as error:  # consumer boundary: one bad message must not stop the others
            if _may_pass(error):
                raise
            log.exception("message_failed", stream=received.stream, crash=crash)
            if crash == _CRASHES_BEFORE_DEAD:
                reader.dead_letter(received, _told(error))
                return
        else:
            reader.ack([received])
            return


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _wait(stop: threading.Event, error: Exception, *, failures: int, beat: Callable[[], None]) -> None:
    asked = error.retry_after_s if isinstance(error, Transient) else None
    backoff = doubling_s(failures, base_s=_BACKOFF_BASE_S, cap_s=_BACKOFF_CAP_S) * random.uniform(0.5, 1.0)
    delay = backoff if asked is None else asked
    log.warning("consumer_waits", reason=_told(error)[:200], delay_s=round(delay, 2), failures=failures)
    until = time.monotonic() + delay
    # In short steps: who waits is alive, and must be seen to be.
    while not stop.wait(max(0.0, min(_BEAT_S, until - time.monotonic()))) and time.monotonic() < until:
        beat()
