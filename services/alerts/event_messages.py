"""What a notice is on an MQTT broker. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from services.alerts.broker import Message
from services.alerts.channel import Parcel
from services.alerts.home_assistant import OFFLINE, ON, ONLINE, Topics
from services.alerts.notice import Notice

_OF_CAMERAS = frozenset({"detection", "camera_down", "camera_up"})


def changes_a_camera(notice: Notice) -> bool:
    """Whether it says something of a camera's state: a test does not."""
    return bool(notice.camera) and not notice.test and notice.kind in _OF_CAMERAS


def event_messages(topics: Topics, parcel: Parcel, *, picture: bytes | None) -> list[Message]:
    """The states that the notice changes, and last the event: who acts on it finds them as they should be."""
    notice = parcel.notice
    body = json.dumps(document(parcel), ensure_ascii=False, separators=(",", ":")).encode()
    event = Message(topics.event(notice.camera or notice.kind), body)
    if not changes_a_camera(notice):
        return [event]
    snapshot = [] if picture is None else [Message(topics.snapshot(notice.camera), picture, retain=True)]
    return [*snapshot, Message(topics.last_event(notice.camera), body, retain=True), _state(topics, notice), event]


def document(parcel: Parcel) -> Mapping[str, Any]:
    """The JSON of an event. A test has `test`: true besides, and a uuid at which there is no event."""
    notice = parcel.notice
    return {
        "event_type": notice.kind,
        "uuid": f"evt-{notice.event_id}",
        "camera_id": notice.camera,
        "camera_name": notice.camera_name,
        "detection_type": notice.label,
        "confidence": round(notice.confidence, 4),
        "timestamp": notice.captured_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "text": notice.text,
        "severity": notice.severity,
        "zones": list(notice.zones),
        "rules_triggered": list(notice.rules),
        "verdict": notice.verdict,
        "ai_response": notice.ai_response,
        "threat_level": notice.threat_level,
        **({"test": True} if notice.test else {}),
        "delivery_id": parcel.delivery_id,
        "attempt": parcel.attempt,
        "trace_id": notice.trace_id,
    }


def _state(topics: Topics, notice: Notice) -> Message:
    if notice.kind == "detection":
        # Not retained: whoever connects later would see again what is long over.
        return Message(topics.detected(notice.camera, notice.label), ON.encode())
    state = OFFLINE if notice.kind == "camera_down" else ONLINE
    return Message(topics.status(notice.camera), state.encode(), retain=True)
