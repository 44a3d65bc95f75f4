"""Sending a test alert at once, around deliveries and retries, and saying how it went."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from services.alerts.channel import Channel, Parcel, Receipt
from services.alerts.notice import Notice
from services.alerts.policy import Recipient
from shared.db.engine import SessionFactory
from shared.domain.errors import ArgusError
from shared.messages.alert_test import AlertTest, ChannelOutcome
from shared.observability import get_logger

log = get_logger("alerts.trial")

_THREADS_PER_CHANNEL = 8
_REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class _Missed:
    """A recipient that was not reached."""

    recipient: str
    reason: str


def sample(message: str, *, photo: str | None = None, now: datetime) -> Notice:
    """A notice that says of itself that it is a test, and tells of no event that is stored."""
    return Notice(
        event_id=str(uuid.uuid4()),
        account_id=None,
        kind="detection",
        camera="test",
        camera_name="Test",
        label="test",
        confidence=1.0,
        severity=1,
        rules=(),
        zones=(),
        captured_at=now,
        stored_at=now,
        snapshot=photo,
        text=message,
        test=True,
    )


class Trial:
    """Sends samples through the real channels, to the real recipients. Thread-safe; stores nothing."""

    def __init__(
        self, channels: Mapping[str, Channel], sessions: SessionFactory, *, now: Callable[[], datetime]
    ) -> None:
        self._channels = channels
        self._sessions = sessions
        self._now = now

    def run(self, order: AlertTest, *, within_s: float) -> dict[str, ChannelOutcome]:
        """Each channel's own outcome, none delayed or hidden by another's. Blocks up to `within_s`.

        What has not answered by then is `failed`; it may have arrived all the same.
        """
        until = time.monotonic() + within_s
        notice = sample(order.message, photo=order.photo, now=self._now())
        names = list(dict.fromkeys(order.channels or self._channels))
        pool = ThreadPoolExecutor(max(1, len(names)), thread_name_prefix="trial")
        try:
            asked = {name: pool.submit(self._channel_outcome, name, order, notice, until=until) for name in names}
            # A moment more than each send has: a channel that ran late says itself which recipient it was.
            outcomes = {
                name: _outcome_of(future, until=until + 0.2, within_s=within_s) for name, future in asked.items()
            }
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        log.info("alert_tested", outcomes={name: outcome.status for name, outcome in outcomes.items()})
        return outcomes

    def send_to(self, name: str, recipient: str, *, message: str) -> Receipt:
        """One sample to one recipient. Blocks up to the channel's time-out; raises `Transient` or `Permanent`."""
        return self._send(name, recipient, sample(message, now=self._now()))

    def _channel_outcome(self, name: str, order: AlertTest, notice: Notice, *, until: float) -> ChannelOutcome:
        channel = self._channels.get(name)
        if channel is None:
            return ChannelOutcome(status="not_configured", reason="this installation does not use the channel")
        try:
            recipients = self._recipients(channel, order)
        except SQLAlchemyError as error:
            log.warning("alert_test_postponed", channel=name, reason=type(error).__name__)
            return ChannelOutcome(status="failed", reason="the database does not answer")
        if not recipients:
            whose = "" if order.account_id is None else " of yours"
            return ChannelOutcome(status="not_configured", reason=f"the channel has no recipient{whose} to tell")
        return _summary(self._send_all(name, recipients, notice, until=until))

    def _recipients(self, channel: Channel, order: AlertTest) -> list[str]:
        if order.recipient is not None:
            return [order.recipient]
        with self._sessions() as session:
            found: Sequence[Recipient] = channel.recipients(session)
        return [each.id for each in found if order.account_id in (None, each.account_id)]

    def _send_all(
        self, name: str, recipients: Sequence[str], notice: Notice, *, until: float
    ) -> list[Receipt | _Missed]:
        left_s = until - time.monotonic()
        pool = ThreadPoolExecutor(min(_THREADS_PER_CHANNEL, len(recipients)), thread_name_prefix=f"trial-{name}")
        try:
            sends = {recipient: pool.submit(self._send, name, recipient, notice) for recipient in recipients}
            return [_answer(recipient, future, until=until, within_s=left_s) for recipient, future in sends.items()]
        finally:
            # Whatever still sends ends by the channel's own time-out; what has not begun never does.
            pool.shutdown(wait=False, cancel_futures=True)

    def _send(self, name: str, recipient: str, notice: Notice) -> Receipt:
        channel = self._channels[name]
        with self._sessions() as session:
            address = channel.address(session, recipient, decided_at=self._now())
        return channel.send(address, Parcel(str(uuid.uuid4()), attempt=1, notice=notice))


def _answer(recipient: str, future: Future[Receipt], *, until: float, within_s: float) -> Receipt | _Missed:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except FutureTimeoutError:
        return _Missed(recipient, _late(within_s))
    except ArgusError as error:
        return _Missed(recipient, str(error))
    except SQLAlchemyError:
        return _Missed(recipient, "the database does not answer")
    except Exception as error:  # plug-in boundary: a fault in one channel must not hide what the others did
        log.exception("alert_test_failed", recipient=recipient)
        return _Missed(recipient, f"the channel failed: {type(error).__name__}")


def _outcome_of(future: Future[ChannelOutcome], *, until: float, within_s: float) -> ChannelOutcome:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except FutureTimeoutError:
        return ChannelOutcome(status="failed", reason=_late(within_s))
    except Exception as error:  # plug-in boundary, as above
        log.exception("alert_test_failed")
        return ChannelOutcome(status="failed", reason=f"the channel failed: {type(error).__name__}")


def _late(within_s: float) -> str:
    return f"no answer within {within_s:.0f} s"


def _summary(answers: Sequence[Receipt | _Missed]) -> ChannelOutcome:
    """`failed` as soon as one recipient was not reached: who tests wants to know of that one."""
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    missed = [answer for answer in answers if isinstance(answer, _Missed)]
    devices = _of_receipts(receipts, "device")
    reached: dict[str, Any] = {"recipients": len(receipts)} if not devices else {"devices": tuple(map(str, devices))}
    message_ids = _of_receipts(receipts, "message_id")
    if missed:
        return ChannelOutcome(status="failed", reason=_reason(missed, of=len(answers)), **reached)
    return ChannelOutcome(
        status="triggered" if devices else "sent",
        message_id=message_ids[0] if message_ids else None,
        **reached,
    )


def _of_receipts(receipts: Sequence[Receipt], name: str) -> list[Any]:
    return [receipt.detail[name] for receipt in receipts if receipt.detail.get(name) is not None]


def _reason(missed: Sequence[_Missed], *, of: int) -> str:
    if of == 1:
        return missed[0].reason[:_REASON_LENGTH]
    each = "; ".join(f"{answer.recipient}: {answer.reason}" for answer in missed)
    return f"{len(missed)} of {of} were not reached – {each}"[:_REASON_LENGTH]
