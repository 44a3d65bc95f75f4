"""Messages are a contract between processes of different age: their form on the stream must not change unseen."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.errors import InvalidMessage
from shared.domain.presence import PresencePhase
from shared.messages.commands import SyncCamera
from shared.messages.events import EventEnded
from shared.messages.frames import FrameCaptured
from shared.messages.message import Message, decode, encode, known_messages
from shared.messages.presences import MESSAGE_OF_PHASE, PresenceStarted
from shared.messages.topics import TOPICS

EXAMPLES = Path(__file__).parent / "messages"
MESSAGES = sorted(known_messages().values(), key=lambda kind: kind.__name__)

each_message = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)


@each_message
def test_an_example_survives_the_stream(kind: type[Message]) -> None:
    example = kind.example()
    assert decode(encode(example)) == example


@each_message
def test_a_stored_message_of_this_version_is_still_understood(kind: type[Message]) -> None:
    """A failure here means that running installations cannot be upgraded: raise VERSION, or keep the old form."""
    stored = EXAMPLES / f"{kind.__name__}.v{kind.VERSION}.json"
    assert stored.is_file(), f"store the example: {encode(kind.example())[b'body'].decode()}"
    body = stored.read_bytes()
    fields = {**encode(kind.example()), b"body": body}
    assert decode(fields) == kind.example()
    assert json.loads(encode(kind.example())[b"body"]) == json.loads(body), "what is written has changed its form"


@pytest.mark.parametrize("kind", MESSAGE_OF_PHASE.values(), ids=lambda kind: kind.__name__)
def test_a_presence_told_by_an_eye_that_keeps_no_crops_is_understood(kind: type[Message]) -> None:
    fields = encode(kind.example())
    said = json.loads(fields[b"body"])
    del said["crops"]
    assert decode({**fields, b"body": json.dumps(said).encode()}) == kind.example().model_copy(update={"crops": ()})


def test_no_stored_message_is_of_an_unknown_kind() -> None:
    stored = {path.name for path in EXAMPLES.glob("*.json")}
    assert stored == {f"{kind.__name__}.v{kind.VERSION}.json" for kind in MESSAGES}


@each_message
def test_readers_ignore_fields_they_do_not_know(kind: type[Message]) -> None:
    fields = encode(kind.example())
    body = json.loads(fields[b"body"]) | {"added_in_a_later_release": {"x": [1, 2]}}
    assert decode({**fields, b"body": json.dumps(body).encode(), b"extra": b"\x00\xff"}) == kind.example()


@each_message
def test_another_version_is_refused_by_name(kind: type[Message]) -> None:
    for version in (b"0", b"2", b"", b"one", b"1.0"):
        with pytest.raises(InvalidMessage, match=f"{kind.__name__} has version"):
            decode({**encode(kind.example()), b"version": version})


@each_message
def test_a_body_that_is_no_object_is_refused(kind: type[Message]) -> None:
    for body in (b"", b"null", b"[]", b"1", b'"x"', b"{", b"}", b"\xff", b"[" * 5000, b"{}garbage"):
        with pytest.raises(InvalidMessage, match=kind.__name__):
            decode({**encode(kind.example()), b"body": body})


@each_message
def test_each_message_stands_in_exactly_one_topic(kind: type[Message]) -> None:
    assert len([topic.name for topic in TOPICS if kind in topic.messages]) == 1


def test_every_message_of_a_topic_is_registered_under_its_own_name() -> None:
    travelling = Counter(kind for topic in TOPICS for kind in topic.messages)
    assert set(travelling) == set(MESSAGES)
    assert all(known_messages()[kind.__name__] is kind for kind in travelling)


def test_topics_have_names_of_their_own() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_stream_is_named_with_a_shard_exactly_when_the_topic_is_sharded(topic: Any) -> None:
    assert topic.stream(3 if topic.sharded else None) == (f"{topic.name}:3" if topic.sharded else topic.name)
    with pytest.raises(ValueError, match="sharded"):
        topic.stream(None if topic.sharded else 3)


@pytest.mark.parametrize("phase", PresencePhase)
def test_every_phase_of_a_presence_has_its_message_and_loses_nothing_in_it(phase: PresencePhase) -> None:
    kind = MESSAGE_OF_PHASE[phase]
    presence = kind.example().presence()
    again = kind.of(presence, captured_at=datetime(2026, 1, 15, tzinfo=UTC), trace_id="t")
    assert decode(encode(again)) == again
    assert again.presence() == presence


def test_a_frame_without_its_picture_is_refused() -> None:
    fields = encode(FrameCaptured.example())
    del fields[b"jpeg"]
    with pytest.raises(InvalidMessage, match="FrameCaptured lacks jpeg"):
        decode(fields)


def test_a_picture_travels_beside_the_body_whatever_its_bytes() -> None:
    frame = FrameCaptured.example().model_copy(update={"jpeg": bytes(range(256)) * 4})
    fields = encode(frame)
    assert b"jpeg" not in fields[b"body"]
    assert decode(fields) == frame


def test_writers_are_strict() -> None:
    body = PresenceStarted.example().model_dump()
    for field, value in {
        "confidence": 1.5,
        "frame_width": 0,
        "box": (0.0, 0.0, float("nan"), 1.0),
        "started_at": datetime(2026, 1, 15),  # noqa: DTZ001 – without a zone on purpose
    }.items():
        with pytest.raises(ValidationError, match=field):
            PresenceStarted.model_validate({**body, field: value})


def test_times_are_kept_in_utc_to_the_microsecond() -> None:
    at = datetime(2026, 1, 15, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    message = EventEnded(event_id="e", camera="c", ended_at=at)
    assert message.ended_at.tzinfo is UTC
    assert b'"2026-01-15T06:30:00.123456+00:00"' in encode(message)[b"body"]
    assert decode(encode(message)) == message


def test_a_time_that_has_no_utc_form_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="ended_at"):
        decode({**encode(EventEnded.example()), b"body": _ended("0001-01-01T00:00:00+14:00")})


def _ended(at: str) -> bytes:
    return json.dumps({"event_id": "e", "camera": "c", "ended_at": at}).encode()


def test_two_messages_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="two messages are called SyncCamera"):
        type("SyncCamera", (Message,), {"__module__": __name__})
    assert known_messages()["SyncCamera"] is SyncCamera


def test_a_binary_field_must_have_a_default() -> None:
    with pytest.raises(TypeError, match="needs a default"):

        class Photo(Message):
            BINARY: ClassVar[frozenset[str]] = frozenset({"png"})
            png: bytes

    assert "Photo" not in known_messages()


names = st.sampled_from([b"type", b"version", b"body", b"jpeg"]) | st.binary(max_size=8)
type_names = st.sampled_from([kind.__name__.encode() for kind in MESSAGES])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(names, st.binary(max_size=64), max_size=6))
def test_any_fields_are_a_message_or_refused(fields: dict[bytes, bytes]) -> None:
    _decode_or_refuse(fields)


@given(type_names, st.binary(max_size=200))
def test_any_body_is_a_message_or_refused(name: bytes, body: bytes) -> None:
    _decode_or_refuse({b"type": name, b"version": b"1", b"body": body, b"jpeg": b""})


@given(st.sampled_from(MESSAGES), st.data())
def test_any_values_in_a_body_are_a_message_or_refused(kind: type[Message], data: st.DataObject) -> None:
    fields = encode(kind.example())
    body = json.loads(fields[b"body"])
    for name in data.draw(st.sets(st.sampled_from(sorted(body)), max_size=3)):
        body[name] = data.draw(json_values)
    message = _decode_or_refuse({**fields, b"body": json.dumps(body).encode()})
    if message is not None:
        assert decode(encode(message)) == message


def _decode_or_refuse(fields: dict[bytes, bytes]) -> Message | None:
    try:
        return decode(fields)
    except InvalidMessage as error:
        reason = str(error)
    assert reason
    assert "\n" not in reason
    return None
