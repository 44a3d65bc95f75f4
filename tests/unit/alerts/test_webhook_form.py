"""The form of a webhook: body, signature, headers' meaning."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.alerts.channel import Parcel
from services.alerts.channels.webhook import payload, retry_after
from services.alerts.notice import Notice
from services.alerts.signature import sign
from shared.messages.events import EventRaised

NOW = datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)
PARCEL = Parcel("d1", 2, Notice.of(EventRaised.example()))


def test_the_body_is_that_of_the_contract_with_extras() -> None:
    body = payload(PARCEL, frozenset({"detection"}))
    assert list(body.items())[:7] == [
        ("event_type", "detection"),
        ("uuid", "evt-550e8400-e29b-41d4-a716-446655440000"),
        ("camera_id", "cam_001"),
        ("detection_type", "person"),
        ("confidence", 0.94),
        ("timestamp", "2026-01-15T10:30:45Z"),
        ("ai_response", None),
    ]
    assert body["photo_url"] == "/events/550e8400-e29b-41d4-a716-446655440000.jpg"


@pytest.mark.parametrize(
    ("kind", "events", "event_type"),
    [
        ("detection", {"detection"}, "detection"),
        ("detection", {"alert"}, "alert"),
        ("detection", {"detection", "alert"}, "detection"),
        ("camera_down", {"camera_down"}, "camera_down"),
    ],
)
def test_the_event_type_is_what_the_receiver_subscribed_to(kind: str, events: set[str], event_type: str) -> None:
    notice = Notice.of(EventRaised.example().model_copy(update={"kind": kind}))
    assert payload(Parcel("d1", 1, notice), frozenset(events))["event_type"] == event_type


def test_a_notice_reads_back_from_its_json_form() -> None:
    assert Notice.model_validate(PARCEL.notice.model_dump(mode="json")) == PARCEL.notice


def test_the_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks libraries."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Thu, 15 Jan 2026 10:31:00 GMT", 15),
        ("Thu, 15 Jan 2026 10:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 400, 999_999_999_999),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=NOW) == seconds
