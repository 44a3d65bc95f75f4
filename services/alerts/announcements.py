"""What Home Assistant was told of which cameras, and what it has to be told next."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence

from services.alerts.broker import Message
from services.alerts.camera_roll import Known
from services.alerts.home_assistant import Topics, discovery, discovery_topic


class Announcements:
    """Remembers what was announced on this connection. Thread-safe; publishes nothing by itself.

    Without `prefix` nothing is announced, but what cameras that are gone left behind is still taken away.
    """

    def __init__(self, topics: Topics, *, prefix: str | None, version: str) -> None:
        self._topics = topics
        self._prefix = prefix
        self._version = version
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}

    def forget(self) -> None:
        """All is to be announced again. Which cameras and labels there were is remembered."""
        with self._lock:
            self._known = {slug: Known(slug, "", known.labels) for slug, known in self._known.items()}

    def seen(self, camera: str, *, name: str, label: str | None) -> list[Message]:
        """What makes room for something seen on the camera, when the camera or the label is new."""
        labels = frozenset(() if label is None else (label,))
        with self._lock:
            before = self._known.get(camera)
            # An event may be older than the camera's present name.
            current = before.name if before is not None and before.name else name
            return self._tell(Known(camera, current, labels))

    def changes(self, cameras: Sequence[Known]) -> list[Message]:
        """What is new or different with these being all cameras, and what takes the others away."""
        with self._lock:
            told = [message for camera in cameras for message in self._tell(camera)]
            return told + [message for slug in self._gone(cameras) for message in self._farewell(slug)]

    def settled(self, cameras: Iterable[Known]) -> None:
        """The changes have arrived: cameras that are gone are told of no more."""
        with self._lock:
            for slug in self._gone(cameras):
                del self._known[slug]

    def _gone(self, cameras: Iterable[Known]) -> list[str]:
        return sorted(self._known.keys() - {camera.slug for camera in cameras})

    def _tell(self, camera: Known) -> list[Message]:
        before = self._known.get(camera.slug)
        labels = camera.labels if before is None else camera.labels | before.labels
        merged = Known(camera.slug, camera.name, labels)
        self._known[camera.slug] = merged
        if self._prefix is None or before == merged:
            return []
        body = discovery(self._topics, camera.slug, name=camera.name, labels=labels, version=self._version)
        topic = discovery_topic(self._topics, camera.slug, prefix=self._prefix)
        return [Message(topic, json.dumps(body, ensure_ascii=False).encode(), retain=True)]

    def _farewell(self, slug: str) -> list[Message]:
        announced = () if self._prefix is None else (discovery_topic(self._topics, slug, prefix=self._prefix),)
        return [Message(topic, b"", retain=True) for topic in (*announced, *self._topics.retained(slug))]
