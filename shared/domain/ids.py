"""Identity: slugs, shards and ids derived from what a thing is, so that a redelivery changes nothing."""

from __future__ import annotations

import re
import uuid
import zlib

_NAMESPACE = uuid.UUID("6b1f7f0e-6a0f-5c52-9c58-0d9f1c6f4a01")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def is_slug(text: str) -> bool:
    """Whether the text can name a camera: 1–64 of letters, digits, `_` and `-`, not starting with a sign."""
    return _SLUG.fullmatch(text) is not None


def shard_of(slug: str, shards: int) -> int:
    """The shard a camera's messages travel on."""
    return zlib.crc32(slug.encode()) % shards


def presence_id(camera: str, track_id: int, started_ms: int) -> str:
    """The id of one stay of one track on one camera: the same input gives the same id after a restart."""
    return str(uuid.uuid5(_NAMESPACE, f"presence/{camera}/{track_id}/{started_ms}"))


def event_id(presence: str) -> str:
    """The bare uuid of the event that tells of a presence (clients see it as `evt-<uuid>`)."""
    return str(uuid.uuid5(_NAMESPACE, f"event/{presence}"))


def scene_event_id(camera: str, module: str, began_ms: int) -> str:
    """The bare uuid of the event that tells of what a module found in a camera's scene from then on."""
    return str(uuid.uuid5(_NAMESPACE, f"scene/{camera}/{module}/{began_ms}"))


def absence_event_id(camera: str, rule: str, began_ms: int) -> str:
    """The bare uuid of the event that tells that nobody, as the rule has it, was there from then on."""
    return str(uuid.uuid5(_NAMESPACE, f"absence/{camera}/{rule}/{began_ms}"))


def incident_id(event: str) -> str:
    """The incident that begins with this event."""
    return str(uuid.uuid5(_NAMESPACE, f"incident/{event}"))


def notice_id(subject: str) -> str:
    """The bare uuid that stands for the event in an alert that tells of none: one for each thing that is told."""
    return str(uuid.uuid5(_NAMESPACE, f"notice/{subject}"))


def alert_id(event: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"alert/{event}"))


def delivery_id(alert: str, channel: str, recipient: str) -> str:
    """One delivery per alert and recipient, however often the alert is fanned out."""
    return str(uuid.uuid5(_NAMESPACE, f"delivery/{alert}/{channel}/{recipient}"))


def amendment_id(alert: str, channel: str, recipient: str, revision: int) -> str:
    """The delivery that tells the recipient of a revision of the alert it was told of before."""
    return str(uuid.uuid5(_NAMESPACE, f"amendment/{alert}/{channel}/{recipient}/{revision}"))


def digest_event_id(channel: str, recipient: str, until_ms: int) -> str:
    """The bare uuid that a digest has in an event's place: one per recipient and the end of what held it back."""
    return str(uuid.uuid5(_NAMESPACE, f"digest/{channel}/{recipient}/{until_ms}"))
