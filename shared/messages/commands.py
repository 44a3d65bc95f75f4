"""Orders to upstream services. Every running service reads all of them; a lost one heals at the next periodic sync."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from pydantic import Field

from shared.messages.message import Message, UtcTime

LIVE_LEASE_S = 8.0
"""How long a camera's pictures are shown after somebody was last known to watch."""
LOOK_AT_CLIP_S = 90.0
"""How long an eye may take to look at a clip."""
PROBE_LOOK_S = 6.0
"""How long a probe may take beyond the time in which a camera must be reached: it wants to see a few keyframes."""


class SyncCamera(Message):
    """The camera was added, changed or removed: read it again from the database."""

    camera: str

    @classmethod
    def example(cls) -> Self:
        return cls(camera="cam_001")


class SyncRules(Message):
    """Rules were changed: read them again from the database."""

    @classmethod
    def example(cls) -> Self:
        return cls()


class TakeSnapshot(Message):
    """Give the camera's picture as it is now, at most `width` pixels wide: a `SnapshotAnswer` to `reply_to`."""

    camera: str
    reply_to: str
    width: int | None = Field(default=None, ge=1)

    @classmethod
    def example(cls) -> Self:
        return cls(camera="cam_001", reply_to="reply:0197a", width=640)


class TakeBurst(Message):
    """Give so many pictures of the camera, `fps` a second, from now on, at most `width` pixels wide.

    Each is a `SnapshotAnswer` of its own to `reply_to`, sent as it comes; one with a fault is the last.
    """

    camera: str
    reply_to: str
    pictures: int = Field(ge=1, le=32)
    fps: float = Field(ge=0.5, le=10)
    width: int | None = Field(default=None, ge=1)

    @classmethod
    def example(cls) -> Self:
        return cls(camera="cam_001", reply_to="reply:0197a", pictures=8, fps=4.0, width=960)


class ShowLive(Message):
    """Somebody watches the camera: send its pictures as they come, for `LIVE_LEASE_S` from now on.

    Ingest publishes each as a `SnapshotAnswer` on `LIVE_PICTURES`; where they are to be `drawn`, the eye draws what it
    sees onto them, on `LIVE_DRAWN`. Whoever watches longer says so again.
    """

    camera: str
    drawn: bool = False

    @classmethod
    def example(cls) -> Self:
        return cls(camera="cam_001", drawn=True)


class ProbeCamera(Message):
    """Open an address once and say what is there: a `ProbeAnswer` to `reply_to`.

    The address may hold credentials, so it travels sealed with the installation's key. One replica obeys: the one
    that owns the shard of `reply_to`.
    """

    sealed_url: str
    reply_to: str

    @classmethod
    def example(cls) -> Self:
        return cls(sealed_url="gAAAAABl…", reply_to="reply:0197a")


class LookAtClip(Message):
    """Look at the clip under `CLIP` as if the camera had taken it from `began_at` on: a `ClipAnswer` to `reply_to`.

    An eye obeys, one replica: the one that owns the shard of `reply_to`. An empty `camera` has no zones.
    """

    clip: str
    camera: str
    began_at: UtcTime
    reply_to: str

    @classmethod
    def example(cls) -> Self:
        began_at = datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)
        return cls(clip="0197b", camera="cam_001", began_at=began_at, reply_to="reply:0197a")


class Restart(Message):
    """Finish what is in flight within the time, then exit; the supervisor starts the service again."""

    services: tuple[str, ...] = ()
    timeout_s: float = 30.0

    def is_for(self, service: str) -> bool:
        """Whether the service is meant: an order that names none is for all."""
        return not self.services or service in self.services

    @classmethod
    def example(cls) -> Self:
        return cls(services=("eye",), timeout_s=30.0)
