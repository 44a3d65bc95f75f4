"""Rules, the events they raised, what specialists recognised, and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import NUMBERED_ONCE, Base, UtcDateTime

ANYWHERE: Final = "*"
"""The camera of a rule's firing where its cooldown counts for all cameras together."""


class RuleRow(Base):
    """A stored condition. No `camera_slug` means every camera of the account; no account, everybody's.

    `condition` is the JSON form of a `shared.rules.condition.Condition`; told are all whom
    `channels` reach and the `recipients` (ids), everybody where neither is named.
    With `judge` people are told once the judge has spoken, or `judge_deadline_s` later without its word.
    `cooldown_per` is camera, rule or track. `armed` names the states of the camera's account in which it is awake; none
    means always. `origin` is file for one that stands in argus.yaml, else api.
    """

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    camera_slug: Mapped[str | None] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(128))
    enabled: Mapped[bool] = mapped_column(default=True)
    condition: Mapped[dict[str, Any]] = mapped_column(JSON)
    cooldown_s: Mapped[float] = mapped_column(default=0.0)
    cooldown_per: Mapped[str] = mapped_column(String(8), default="camera")
    severity: Mapped[int] = mapped_column(default=1)
    modules: Mapped[list[str]] = mapped_column(JSON, default=list)
    judge: Mapped[bool] = mapped_column(default=False)
    judge_deadline_s: Mapped[float] = mapped_column(default=4.0)
    incident_window_s: Mapped[float] = mapped_column(default=0.0)
    incident_per: Mapped[str] = mapped_column(String(8), default="rule")
    channels: Mapped[list[str]] = mapped_column(JSON, default=list)
    recipients: Mapped[list[int]] = mapped_column(JSON, default=list)
    armed: Mapped[list[str]] = mapped_column(JSON, default=list)
    origin: Mapped[str] = mapped_column(String(16), default="api")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RuleFiring(Base):
    """When a rule last fired on a camera, or `ANYWHERE`: what its cooldown counts from, across restarts."""

    __tablename__ = "rule_firings"

    rule_slug: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_slug: Mapped[str] = mapped_column(String(64), primary_key=True)
    fired_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Event(Base):
    """What a person reads. `uuid` is bare (clients see `evt-<uuid>`) and derived from the presence.

    `occurred_at` is the capture time of the deciding frame, `stored_at` the time of the commit. `camera_slug`
    stays when the camera is deleted. `box` is in pixels of a picture of `frame_width` × `frame_height`. Under
    `legal_hold` neither the event nor what hangs on it is ever deleted.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_occurred_at_id", "occurred_at", "id"),
        Index("ix_events_camera_slug_occurred_at_id", "camera_slug", "occurred_at", "id"),
        Index("ix_events_account_id_occurred_at_id", "account_id", "occurred_at", "id"),
        Index("ix_events_label_occurred_at_id", "label", "occurred_at", "id"),
        NUMBERED_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    account_id: Mapped[int | None]
    camera_slug: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16), default="detection")
    presence_id: Mapped[str | None] = mapped_column(String(36), index=True)
    track_id: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float]
    severity: Mapped[int] = mapped_column(default=1)
    rules: Mapped[list[str]] = mapped_column(JSON, default=list)
    zones: Mapped[list[str]] = mapped_column(JSON, default=list)
    box: Mapped[list[float] | None] = mapped_column(JSON)
    frame_width: Mapped[int | None]
    frame_height: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    snapshot: Mapped[str | None] = mapped_column(String(255))
    crop: Mapped[str | None] = mapped_column(String(255))
    ai_response: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(String(16))
    modules_triggered: Mapped[list[str]] = mapped_column(JSON, default=list)
    module_results: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    user_feedback: Mapped[str | None] = mapped_column(String(32))
    trace_id: Mapped[str] = mapped_column(String(64), default="")
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default=false())
    incident_id: Mapped[str | None] = mapped_column(String(36), index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Recognition(Base):
    """A finding that names something: `plate_read` or `face_match`.

    `at` is the capture time of what was looked at, `stored_at` the time of the commit. `camera_slug` stays when the
    camera is deleted; whose it was then is `account_id`.
    """

    __tablename__ = "recognitions"
    __table_args__ = (
        Index("ix_recognitions_kind_at_id", "kind", "at", "id"),
        Index("ix_recognitions_at_id", "at", "id"),
        Index("ix_recognitions_account_id_at_id", "account_id", "at", "id"),
        Index("ix_recognitions_account_id_kind_at_id", "account_id", "kind", "at", "id"),
        NUMBERED_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None]
    camera_slug: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class OutboxRow(Base):
    """A message that must reach a stream: written with the fact it tells, removed once published."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
