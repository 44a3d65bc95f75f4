"""From presences and camera faults to events. Pure: what an event says, not where it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.brain.audience import Audience, audience_of
from shared.domain import ids
from shared.domain.presence import Presence
from shared.messages.events import EventKind, EventRaised
from shared.rules.about_camera import AboutCamera
from shared.rules.absence import Vacancy
from shared.rules.found import Match
from shared.rules.rule import Rule

ABSENCE: Final = "absence"
"""What the event of an absence is labelled."""


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What an event says of its camera, and what the camera says of specialists (`options`)."""

    slug: str
    name: str
    account_id: int | None
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ScenePicture:
    """The picture that decided on an event without a presence; `box` is in its pixels."""

    snapshot: str
    width: int
    height: int
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event that is about to be stored. `at` is the capture time of the deciding frame."""

    uuid: str
    camera: CameraFacts
    kind: EventKind
    label: str
    confidence: float
    at: datetime
    started_at: datetime
    text: str
    severity: int = 1
    rules: tuple[str, ...] = ()
    audience: Audience = field(default_factory=Audience)
    zones: tuple[str, ...] = ()
    presence: Presence | None = None
    modules: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    scene: ScenePicture | None = None
    incident_id: str | None = None
    trace_id: str = ""

    @property
    def snapshot(self) -> str | None:
        shown = self.presence or self.scene
        return shown.snapshot if shown else None

    def raised(self, stored_at: datetime, *, on_behalf: Sequence[Rule] = ()) -> EventRaised:
        """The message that tells of the event; `on_behalf` of some of its rules alone, where that is said."""
        rules = tuple(rule.slug for rule in on_behalf) or self.rules
        audience = audience_of(on_behalf) if on_behalf else self.audience
        return EventRaised(
            trace_id=self.trace_id,
            event_id=self.uuid,
            account_id=self.camera.account_id,
            camera=self.camera.slug,
            camera_name=self.camera.name,
            kind=self.kind,
            label=self.label,
            confidence=self.confidence,
            severity=max((rule.severity for rule in on_behalf), default=self.severity),
            rules=rules,
            channels=audience.channels,
            recipients=audience.recipients,
            zones=self.zones,
            captured_at=self.at,
            stored_at=stored_at,
            snapshot=self.snapshot,
            incident_id=self.incident_id,
            text=self.text,
        )


def detection(
    presence: Presence,
    camera: CameraFacts,
    rules: Sequence[Rule],
    *,
    at: datetime,
    modules: tuple[str, ...] = (),
    results: Mapping[str, Any] | None = None,
    found: str = "",
    trace_id: str = "",
) -> EventDraft:
    """The one event of a presence, told by the rules that fired (at least one).

    `modules` look closer at it; `results` are there already, and `found` says what in them made a rule fire.
    """
    zones = zones_of(presence)
    text = f"{presence.label} in {', '.join(zones)}" if zones else presence.label
    return EventDraft(
        uuid=ids.event_id(presence.id),
        camera=camera,
        kind="detection",
        label=presence.label,
        confidence=presence.confidence,
        at=at,
        started_at=presence.started_at,
        text=f"{text}: {found}" if found else text,
        severity=max(rule.severity for rule in rules),
        rules=tuple(rule.slug for rule in rules),
        audience=audience_of(rules),
        zones=zones,
        presence=presence,
        modules=modules,
        results=results or {},
        trace_id=trace_id,
    )


def scene_finding(
    camera: CameraFacts,
    firing: Sequence[tuple[Rule, Match]],
    *,
    module: str,
    results: Mapping[str, Any],
    at: datetime,
    picture: ScenePicture | None,
    trace_id: str = "",
) -> EventDraft:
    """What a module found in the camera's whole picture from `at` on, told by the rules that fired (at least one)."""
    rules = [rule for rule, _ in firing]
    match = best_match(firing)
    return EventDraft(
        uuid=scene_event_id(camera.slug, module, at),
        camera=camera,
        kind="detection",
        label=match.label,
        confidence=1.0 if match.confidence is None else match.confidence,
        at=at,
        started_at=at,
        text=match.label,
        severity=max(rule.severity for rule in rules),
        rules=tuple(rule.slug for rule in rules),
        audience=audience_of(rules),
        modules=(module,),
        results={module: dict(results)},
        scene=picture,
        trace_id=trace_id,
    )


def scene_event_id(camera: str, module: str, at: datetime) -> str:
    """The uuid of the event of an episode that begins at `at`."""
    return ids.scene_event_id(camera, module, round(at.timestamp() * 1000))


def best_match(firing: Sequence[tuple[Rule, Match]]) -> Match:
    """The surest of what the rules fire on."""
    return max((match for _, match in firing), key=lambda match: match.confidence or 0.0)


def absence(camera: CameraFacts, rule: Rule, condition: AboutCamera, vacancy: Vacancy) -> EventDraft:
    """Nobody was there for so long that the rule fires."""
    zones = (condition.zone,) if condition.zone is not None else ()
    text = f"{ABSENCE} in {condition.zone}" if condition.zone is not None else ABSENCE
    return EventDraft(
        uuid=ids.absence_event_id(camera.slug, rule.slug, round(vacancy.began_at.timestamp() * 1000)),
        camera=camera,
        kind="detection",
        label=ABSENCE,
        confidence=1.0,
        at=vacancy.watched_at,
        started_at=vacancy.began_at,
        text=f"{text}: {', '.join(sorted(condition.labels))}" if condition.labels else text,
        severity=rule.severity,
        rules=(rule.slug,),
        audience=audience_of([rule]),
        zones=zones,
    )


def camera_down(camera: CameraFacts, *, since: datetime, detail: str, trace_id: str = "") -> EventDraft:
    """A camera gives no pictures since `since`."""
    return EventDraft(
        uuid=camera_down_id(camera.slug, since),
        camera=camera,
        kind="camera_down",
        label="camera_down",
        confidence=1.0,
        at=since,
        started_at=since,
        text=f"{camera.name} gives no pictures: {detail}",
        trace_id=trace_id,
    )


def camera_up(camera: CameraFacts, *, since: datetime, at: datetime, trace_id: str = "") -> EventDraft:
    """A camera that was down since `since` gives pictures again."""
    return EventDraft(
        uuid=ids.event_id(f"camera_up/{camera.slug}/{since.timestamp():.6f}"),
        camera=camera,
        kind="camera_up",
        label="camera_up",
        confidence=1.0,
        at=at,
        started_at=at,
        text=f"{camera.name} gives pictures again",
        trace_id=trace_id,
    )


def camera_down_id(camera: str, since: datetime) -> str:
    """The uuid of the event that tells of this fault: the fault's own, however often it is reported."""
    return ids.event_id(f"camera_down/{camera}/{since.timestamp():.6f}")


def zones_of(presence: Presence) -> tuple[str, ...]:
    return tuple(stay.zone for stay in presence.zones)
