"""Cameras as Home Assistant finds them: topics, and the messages of its MQTT discovery. Pure.

One message describes a camera as a device with all its entities ("device discovery", Home Assistant 2024.11 and later).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, get_args

from shared.messages.events import EventKind

ON: Final = "ON"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
OFF_AFTER_S: Final = 30
"""A detection is told when it begins: Home Assistant ends it by itself."""
STATE_LENGTH: Final = 255
"""Home Assistant knows no longer state."""

_SAFE = re.compile(r"[^A-Za-z0-9_-]")
_PRESENT = frozenset({"person", "face"})


@dataclass(frozen=True, slots=True)
class Topics:
    """Where everything is published, below `base`."""

    base: str

    @property
    def bridge(self) -> str:
        return f"{self.base}/bridge/status"

    def event(self, camera: str) -> str:
        return f"{self.base}/events/{safe(camera)}"

    def status(self, camera: str) -> str:
        return f"{self._camera(camera)}/status"

    def last_event(self, camera: str) -> str:
        return f"{self._camera(camera)}/last_event"

    def snapshot(self, camera: str) -> str:
        return f"{self._camera(camera)}/snapshot"

    def detected(self, camera: str, label: str) -> str:
        return f"{self._camera(camera)}/detected/{safe(label)}"

    def retained(self, camera: str) -> tuple[str, ...]:
        """The topics of the camera that keep their last message."""
        return self.status(camera), self.last_event(camera), self.snapshot(camera)

    def node(self, camera: str) -> str:
        """How Home Assistant knows the camera: the same for ever, whatever the camera is called."""
        return f"{safe(self.base)}_{safe(camera)}"

    def _camera(self, camera: str) -> str:
        return f"{self.base}/camera/{safe(camera)}"


def safe(name: str) -> str:
    """The name as one level of a topic and part of an id; what had to be changed keeps apart from its likes."""
    plain = _SAFE.sub("_", name)[:64]
    return plain if plain == name and name else f"{plain}_{zlib.crc32(name.encode()):08x}"


def discovery_topic(topics: Topics, camera: str, *, prefix: str) -> str:
    """Where the camera is announced; an empty message there takes it away again."""
    return f"{prefix}/device/{topics.node(camera)}/config"


def discovery(topics: Topics, camera: str, *, name: str, labels: Collection[str], version: str) -> dict[str, Any]:
    """What announces the camera, with one sensor for each of the labels that were seen there."""
    node = topics.node(camera)
    components = _of_camera(topics, camera) | {
        f"detected_{safe(label)}": _detected(topics, camera, label) for label in sorted(labels)
    }
    return {
        "device": {"identifiers": [node], "name": name, "manufacturer": "Argus", "model": "Camera"},
        "origin": {"name": "Argus", "sw_version": version},
        "availability": [{"topic": topics.bridge}],
        "components": {key: entity | {"unique_id": f"{node}_{key}"} for key, entity in components.items()},
    }


def _of_camera(topics: Topics, camera: str) -> dict[str, dict[str, Any]]:
    return {
        "status": {
            "platform": "binary_sensor",
            "name": "Connection",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": topics.status(camera),
            "payload_on": ONLINE,
            "payload_off": OFFLINE,
        },
        "last_event": {
            "platform": "sensor",
            "name": "Last event",
            "icon": "mdi:cctv",
            "state_topic": topics.last_event(camera),
            "value_template": f"{{{{ value_json.text[:{STATE_LENGTH}] }}}}",
            "json_attributes_topic": topics.last_event(camera),
        },
        "event": {
            "platform": "event",
            "name": "Event",
            "event_types": list(get_args(EventKind)),
            "state_topic": topics.event(camera),
        },
        "snapshot": {
            "platform": "image",
            "name": "Snapshot",
            "image_topic": topics.snapshot(camera),
            "content_type": "image/jpeg",
        },
    }


def _detected(topics: Topics, camera: str, label: str) -> dict[str, Any]:
    return {
        "platform": "binary_sensor",
        "name": label[:1].upper() + label[1:],
        "device_class": "occupancy" if label in _PRESENT else "motion",
        "state_topic": topics.detected(camera, label),
        "payload_on": ON,
        "off_delay": OFF_AFTER_S,
    }
