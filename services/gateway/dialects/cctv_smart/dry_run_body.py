"""Trying rules, as clients ask for it and read it."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, Json, model_validator

from services.gateway.dialects.cctv_smart.names import Slug
from services.gateway.dialects.cctv_smart.rule_body import CameraId, RuleChangeBody
from services.gateway.http.form_body import Upload
from services.gateway.http.timestamps import Instant, whole_seconds
from services.gateway.usecases.dry_runs import DryRun, Undecided
from shared.rules.firing import Firing
from shared.rules.registry import RuleChange


class DryRunBody(BaseModel):
    """What to try: a `rule` as it would be added, or the `rule_id` of one that is there; on which camera (usually the
    rule's; of a sequence that of the steps that name none), and on what time of it: the last 24 hours, if nothing is
    said."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["rule"]}, {"required": ["rule_id"]}]})

    rule: RuleChangeBody | None = None
    rule_id: Slug | None = Field(default=None, examples=["rule_001"])
    camera_id: CameraId | None = None
    since: Instant | None = Field(default=None, examples=["2025-01-15T10:00:00Z"])
    until: Instant | None = Field(default=None, examples=["2025-01-15T22:00:00Z"])

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.rule is None) is (self.rule_id is None):
            raise ValueError("exactly one of 'rule' and 'rule_id' is needed")
        return self

    def meant(self) -> RuleChange | str:
        """The rule, or its id."""
        return self.rule_id or unnamed(self.rule or RuleChangeBody())


class DryRunForm(BaseModel):
    """A clip to try a rule on (MP4 or MKV, 8 MiB, 60 s, 1920 × 1080 pixels at most), as if the camera had taken it from
    `began_at` on: the `rule` as JSON, or the `rule_id` of one that is there."""

    clip: Upload
    rule: Json[RuleChangeBody] | None = None
    rule_id: Slug | None = None
    camera_id: CameraId | None = None
    began_at: Instant | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.rule is None) is (self.rule_id is None):
            raise ValueError("exactly one of 'rule' and 'rule_id' is needed")
        return self

    def meant(self) -> RuleChange | str:
        """The rule, or its id."""
        return self.rule_id or unnamed(self.rule or RuleChangeBody())


class WouldFire(BaseModel):
    """An event that there would have been. `cooling`: the rule would have been silent, having fired before.
    `known_false`: it would have been silent, as people had marked the like as false alarms at least twice by then."""

    timestamp: str = Field(examples=["2025-01-15T10:30:45Z"])
    detection_type: str = Field(examples=["person"])
    confidence: float | None
    presence_id: str | None
    zones: list[str]
    cooling: bool
    known_false: bool
    event_uuid: str | None = Field(description="the event that was raised of the same presence, by whatever rule")


class UndecidedShown(BaseModel):
    presence_id: str
    detection_type: str
    started_at: str
    reason: str = Field(examples=["lpr did not look at it"])


class DryRunShown(BaseModel):
    """What the rule would have made of `examined` presences.

    `camera_id` is where the events are: of a sequence the last step's camera, while the presences of all its cameras
    were examined. `undecided` are those of which that cannot be said now. `truncated`: there were more, and the first
    ones are left out. The judge is not asked; a rule with `judge` would have asked it about each event.
    """

    camera_id: str | None
    since: str
    until: str
    events: list[WouldFire]
    undecided: list[UndecidedShown]
    examined: int
    truncated: bool
    asks_judge: bool


def unnamed(body: RuleChangeBody) -> RuleChange:
    """A rule that need not be named to be tried."""
    return (body if body.name is not None else body.model_copy(update={"name": "trial"})).change()


def dry_run_document(run: DryRun) -> dict[str, Any]:
    return {
        "camera_id": run.camera,
        "since": whole_seconds(run.since),
        "until": whole_seconds(run.until),
        "events": [_firing(each, run) for each in run.firings],
        "undecided": [_undecided(each) for each in run.undecided],
        "examined": run.examined,
        "truncated": run.truncated,
        "asks_judge": run.rule.judge,
    }


def _firing(firing: Firing, run: DryRun) -> dict[str, Any]:
    presence = firing.presence
    uuid = run.events.get(presence.id) if presence is not None else None
    return {
        "timestamp": whole_seconds(firing.at),
        "detection_type": presence.label if presence is not None else "absence",
        "confidence": round(presence.confidence, 4) if presence is not None else None,
        "presence_id": presence.id if presence is not None else None,
        "zones": [stay.zone for stay in presence.zones] if presence is not None else [],
        "cooling": firing.cooling,
        "known_false": firing.known_false,
        "event_uuid": f"evt-{uuid}" if uuid is not None else None,
    }


def _undecided(one: Undecided) -> dict[str, Any]:
    return {
        "presence_id": one.presence.id,
        "detection_type": one.presence.label,
        "started_at": whole_seconds(one.presence.started_at),
        "reason": one.reason,
    }
