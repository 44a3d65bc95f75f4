"""What people are told, before any channel gives it its form."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.alerts.report import DayFacts
from shared.messages.events import EventKind, EventRaised, Verdict
from shared.messages.message import UtcTime

NoticeKind = EventKind | Literal["system", "digest", "report"]
"""`system`: a part of Argus fails or works again; `digest`: what was held back; `report`: what a day brought."""


class Held(BaseModel):
    """So many events of one camera that are told of in the same words; the other fields are those of one of them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    count: int
    kind: NoticeKind
    camera_name: str
    label: str
    zones: tuple[str, ...]
    text: str


class Latest(BaseModel):
    """When and where the last of an incident's events was."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: UtcTime
    camera_name: str


class Notice(BaseModel):
    """The neutral content of an alert. `snapshot` is relative to the media store, `text` in English.

    `details` are lines that follow the `text`; a `report` has besides the `facts` that both are made from. A `digest`
    stands for `count` events that were held back; its `text` names them, and `held` has the most frequent of them.

    An alert of an incident stands for `count` events as well: the fields are those of the first, `severity` is the
    highest, `rules` are of all and `latest` tells of the last; the verdict is that on all of them together.

    `judged_at` is there when the verdict came after the alert.

    A `test` is no event's alert: it was sent by hand, and every channel's rendering must say so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    account_id: int | None
    kind: NoticeKind
    camera: str
    camera_name: str
    label: str
    confidence: float
    severity: int
    rules: tuple[str, ...]
    zones: tuple[str, ...]
    captured_at: UtcTime
    stored_at: UtcTime
    snapshot: str | None
    text: str
    details: tuple[str, ...] = ()
    verdict: Verdict | None = None
    ai_response: str | None = None
    threat_level: int | None = None
    judged_at: UtcTime | None = None
    count: int = 1
    latest: Latest | None = None
    held: tuple[Held, ...] = ()
    facts: DayFacts | None = None
    trace_id: str = ""
    test: bool = False

    @classmethod
    def of(cls, event: EventRaised) -> Self:
        return cls.model_validate(event.model_dump())

    def age_s(self, now: datetime) -> float:
        """Seconds since the deciding frame was captured."""
        return max(0.0, (now - self.captured_at).total_seconds())
