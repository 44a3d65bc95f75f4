"""Conditions about a camera instead of somebody who is there. Pure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field

from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.labels import Labels

MIN_FOR_S: Final = 30.0
"""Quiet cameras send a picture every few seconds, and somebody hidden for a moment has not left."""
MAX_FOR_S: Final = 7 * 86_400.0


class AboutCamera(Condition):
    """The base of conditions that hold when nobody of `labels` was in `zone` for `for_s` seconds."""

    about_camera: ClassVar[bool] = True

    for_s: float = Field(ge=MIN_FOR_S, le=MAX_FOR_S, allow_inf_nan=False, examples=[1200])
    labels: Labels = Field(default=frozenset(), examples=[["person"]])
    zone: str | None = Field(default=None, min_length=1, max_length=128, examples=["Zone Porte"])

    @abstractmethod
    def awake(self, at: datetime) -> bool:
        """Whether anybody would be missed at that time."""

    @abstractmethod
    def seen_at(self, presence: Presence) -> datetime | None:
        """When the presence was last where nobody is to be missed; None when it was not, or does not count."""

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        """Never: somebody who is there is no absence."""
        return False

    def zones(self) -> Mapping[str, str]:
        return {} if self.zone is None else {"zone": self.zone}
