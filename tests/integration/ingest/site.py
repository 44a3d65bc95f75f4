"""An installation with ingest at work in this process, and what tests want to know of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from redis import Redis
from sqlalchemy import delete, update

from services.ingest.bootstrap import IngestService, build
from shared.db.engine import connect, sessions
from shared.db.migrate import upgrade
from shared.db.secrets import SecretBox, installation_key
from shared.db.tables import Account, Camera
from shared.domain.camera import CameraStatus
from shared.domain.ids import shard_of
from shared.messages.camera_status import read_status
from shared.messages.commands import SyncCamera
from shared.messages.frames import FrameCaptured
from shared.messages.message import Message, decode
from shared.messages.topics import CAMERA_STATUS, COMMANDS, FRAMES, HEALTH
from shared.settings import Settings
from shared.streams import Publisher

M = TypeVar("M", bound=Message)

_AT = datetime(2026, 1, 15, tzinfo=UTC)


class Site:
    """Cameras in a real database, ingest on threads, everything it says in a real Redis."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.settings = settings
        self.redis = redis
        self._publisher = Publisher(redis)
        self._box = SecretBox(installation_key(settings.data_dir, None))
        self._engine = connect(settings.effective_database_url)
        upgrade(self._engine)
        self._sessions = sessions(self._engine)
        self._running: list[tuple[IngestService, threading.Event, threading.Thread]] = []
        with self._sessions.begin() as session:
            session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=_AT))

    def start(self, *, instance: str = "ingest-0") -> IngestService:
        service = build(self.settings, instance=instance)
        stop = threading.Event()
        thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
        thread.start()
        self._running.append((service, stop, thread))
        return service

    def stop(self) -> float:
        """Stop all instances; how long that took, seconds."""
        began = time.monotonic()
        for _, stop, _ in self._running:
            stop.set()
        for _, _, thread in self._running:
            thread.join(10)
        self._running.clear()
        return time.monotonic() - began

    def close(self) -> None:
        self.stop()
        self._engine.dispose()

    def add(self, slug: str, url: str, *, enabled: bool = True) -> None:
        with self._sessions.begin() as session:
            session.add(
                Camera(
                    slug=slug,
                    account_id=1,
                    name=slug,
                    url_encrypted=self._box.seal(url),
                    url_masked="",
                    enabled=enabled,
                    options={},
                    created_at=_AT,
                    updated_at=_AT,
                )
            )
        self._tell(slug)

    def change(self, slug: str, *, url: str) -> None:
        with self._sessions.begin() as session:
            session.execute(update(Camera).where(Camera.slug == slug).values(url_encrypted=self._box.seal(url)))
        self._tell(slug)

    def remove(self, slug: str) -> None:
        with self._sessions.begin() as session:
            session.execute(delete(Camera).where(Camera.slug == slug))
        self._tell(slug)

    def frames(self, slug: str) -> list[FrameCaptured]:
        stream = FRAMES.stream(shard_of(slug, self.settings.shards))
        return [frame for frame in self._messages(stream, FrameCaptured) if frame.camera == slug]

    def facts(self, kind: type[M]) -> list[M]:
        return self._messages(HEALTH.stream(), kind)

    def status(self, slug: str) -> CameraStatus | None:
        return read_status(self.raw_status(slug))

    def raw_status(self, slug: str) -> Mapping[bytes, bytes]:
        fields = self.redis.hgetall(CAMERA_STATUS.format(slug=slug))
        assert isinstance(fields, dict)
        return fields

    def fault(self, slug: str) -> str | None:
        """The fault on show, or None."""
        status = self.status(slug)
        return status.fault.value if status and status.fault else None

    def _tell(self, slug: str) -> None:
        self._publisher.publish(COMMANDS, SyncCamera(camera=slug))

    def _messages(self, stream: str, kind: type[M]) -> list[M]:
        entries = self.redis.xrange(stream)
        assert isinstance(entries, list)
        return [message for _, fields in entries if isinstance(message := decode(fields), kind)]
