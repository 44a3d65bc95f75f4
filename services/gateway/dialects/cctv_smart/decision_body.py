"""What rules made of presences, as clients read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.dialects.cctv_smart.event_body import VerdictShown, verdict_document
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from shared.db.decisions import DecisionRow
from shared.db.deliveries import Delivery
from shared.db.events import Event, RuleRow
from shared.db.verdicts import VerdictRow
from shared.rules.decision import Decision, Outcome


class UnmetShown(BaseModel):
    """A field of the rule's condition, what it asks and what was instead."""

    field: str = Field(examples=["dwell_s"])
    wanted: str = Field(examples=["to stay in Door for 20.0 s"])
    was: str = Field(examples=["3.5 s"])


class DecisionShown(BaseModel):
    """What a rule made of a presence.

    `outcome`: it `fired`; its condition is `unmet`; it is `cooling` down; people have marked the like as false alarms
    (`known_false`); it is `resting` as the account is armed; it is `held` by nothing, and has not fired (so far). `at`
    is when it fired, or until when it cools down.
    """

    rule: str = Field(examples=["rule_001"])
    name: str = Field(examples=["A person anywhere"])
    outcome: Outcome
    at: str | None
    sentence: str = Field(examples=["A person anywhere fired at 2025-01-15 10:30:45 UTC."])
    unmet: list[UnmetShown]


class DisabledRule(BaseModel):
    rule: str
    name: str


class PresenceDecisions(BaseModel):
    """A presence and what the rules of its camera made of it. `ended_at` is null while it is there."""

    presence_id: str
    label: str = Field(examples=["person"])
    track_id: int
    confidence: float
    started_at: str
    ended_at: str | None
    zones: list[str]
    told: bool = Field(description="whether a rule fired")
    event_uuid: str | None = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    decisions: list[DecisionShown]


class DecisionList(BaseModel):
    """`disabled` are the rules about this camera that are switched off now."""

    presences: list[PresenceDecisions]
    disabled: list[DisabledRule]
    count: int
    total: int
    next_cursor: str | None


class DeliveryTrace(BaseModel):
    channel: str = Field(examples=["telegram"])
    state: str = Field(examples=["sent"])
    purpose: Literal["notice", "escalation", "digest", "amendment"]
    attempts: int
    reason: str
    settled_at: str | None


class EventTrace(BaseModel):
    """How an event came about and who heard of it. `presence` is null where there was none, or it is over a day ago."""

    uuid: str
    camera_id: str
    summary: list[str]
    presence: PresenceDecisions | None
    rules_triggered: list[str]
    modules: dict[str, Literal["asked", "answered"]]
    verdict: VerdictShown | None
    deliveries: list[DeliveryTrace]


def presence_document(row: DecisionRow, event_uuid: str | None) -> dict[str, Any]:
    return {
        "presence_id": row.presence_id,
        "label": row.label,
        "track_id": row.state["track_id"],
        "confidence": round(row.state["confidence"], 4),
        "started_at": whole_seconds(row.started_at),
        "ended_at": whole_seconds_or_none(row.ended_at),
        "zones": [stay["zone"] for stay in row.state["zones"]],
        "told": row.is_told,
        "event_uuid": f"evt-{event_uuid}" if event_uuid is not None else None,
        "decisions": [_decision(Decision.of(each)) for each in row.decisions],
    }


def disabled_document(row: RuleRow) -> dict[str, Any]:
    return {"rule": row.slug, "name": row.name}


def trace_document(
    event: Event,
    row: DecisionRow | None,
    verdict: VerdictRow | None,
    deliveries: Sequence[Delivery],
    *,
    withheld_until: datetime | None,
) -> dict[str, Any]:
    judged = verdict_document(event, verdict)
    return {
        "uuid": f"evt-{event.uuid}",
        "camera_id": event.camera_slug,
        "summary": [
            *([Decision.of(each).sentence for each in row.decisions] if row is not None else _rules(event)),
            *_judge(judged),
            *_told(deliveries, judged, withheld_until),
        ],
        "presence": presence_document(row, event.uuid) if row is not None else None,
        "rules_triggered": list(event.rules),
        "modules": {name: "answered" if name in event.module_results else "asked" for name in event.modules_triggered},
        "verdict": judged,
        "deliveries": [
            {
                "channel": each.channel,
                "state": each.state,
                "purpose": each.purpose,
                "attempts": each.attempts,
                "reason": each.reason,
                "settled_at": whole_seconds_or_none(each.settled_at),
            }
            for each in deliveries
        ],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        **decision.document(),
        "at": whole_seconds_or_none(decision.at),
        "sentence": decision.sentence,
    }


def _rules(event: Event) -> list[str]:
    return [f"{slug} fired." for slug in event.rules] or ["No rule was asked: it is about the camera itself."]


def _judge(verdict: Mapping[str, Any] | None) -> list[str]:
    if verdict is None:
        return []
    if verdict["outcome"] == "judged":
        when = "in time" if verdict["in_time"] else "after people were told"
        return [f"The judge said {verdict['verdict']} {when}: {verdict['reason']}"]
    if verdict["outcome"] == "misfit":
        return ["The judge answered twice what is no verdict."]
    return [f"The judge has said nothing: {verdict['outcome']}."]


def _told(
    deliveries: Sequence[Delivery], verdict: Mapping[str, Any] | None, withheld_until: datetime | None
) -> list[str]:
    if not deliveries and withheld_until is not None:
        return [f"Nobody was told so far: the judge has until {withheld_until:%Y-%m-%d %H:%M:%S} UTC."]
    if not deliveries and verdict is not None and verdict["verdict"] == "rejected" and verdict["in_time"]:
        return ["Nobody was told: the judge rejected it."]
    if not deliveries:
        return ["Nobody was told: no channel or recipient was to be, or it is still being decided."]
    return [
        f"{each.channel}: {each.state}{f' ({each.reason})' if each.reason else ''}, {each.purpose}."
        for each in deliveries
    ]
