"""Orders to upstream services. Every running service reads all of them; a lost one heals at the next periodic sync."""

from __future__ import annotations

from typing import Self

from shared.messages.message import Message


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
