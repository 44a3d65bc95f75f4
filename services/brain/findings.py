"""What specialists conclude → events: of the presence they looked at, or of what a camera's scene shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.brain import metrics, timeline
from services.brain.decisions import note
from services.brain.ledger import MOST_EVIDENCE, Entries, Ledger
from services.brain.site import Site, SiteView
from services.brain.telling import Court
from services.brain.timeline import CameraFacts, ScenePicture
from shared.db.engine import SessionFactory
from shared.db.tables import Event, Recognition
from shared.domain import ids
from shared.domain.camera_modules import every_s
from shared.domain.errors import ArgusError
from shared.media import MediaStore
from shared.media.picture_head import picture_head
from shared.messages.findings import FindingMade
from shared.messages.presences import PresenceChanged
from shared.messages.topics import EYE_STATE
from shared.observability import get_logger
from shared.rules.found import Found, Match
from shared.rules.rule import Rule, cools_until, evaluate_finding, is_cooling, is_new_episode
from shared.streams import Received

log = get_logger("brain.findings")

EPISODE_GAP_S: Final = 120.0
"""What a scene shows again within this time is still the same; longer where a rule or the cadence is slower."""

_LOOKS_MISSED: Final = 3
_OPEN_SCENES: Final = 50

Firing = Sequence[tuple[Rule, Match]]


class FindingHandler:
    """Handles a batch of findings, each in a transaction of its own. A second time with the same changes nothing.

    Not thread-safe. `ordered` is called when specialists were asked in turn.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        site: Site,
        *,
        redis: Redis,
        media: MediaStore,
        now: Callable[[], datetime],
        committed: Callable[[], None],
        ordered: Callable[[], None] = lambda: None,
        court: Court = Court(),  # noqa: B008 – a value
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._sessions = sessions
        self._site = site
        self._media = media
        self._now = now
        self._committed = committed
        self._ordered = ordered
        self._court = court

    def __call__(self, batch: list[Received]) -> None:
        """Commit what follows. Raises `OperationalError`, `RedisError`; the batch comes again then."""
        findings = [item.message for item in batch if isinstance(item.message, FindingMade)]
        view = self._site.view_with({finding.camera for finding in findings})
        for finding in findings:
            if finding.presence is not None:
                self._about_presence(finding, finding.presence, view)
            else:
                self._about_scene(finding, view)

    def _about_presence(self, finding: FindingMade, told: PresenceChanged, view: SiteView) -> None:
        body = told.model_copy(update={"captured_at": finding.at, "trace_id": finding.trace_id})
        found = Found(finding.module, finding.results, finding.at, body.presence())
        rules = view.rules_of.get(finding.camera, ())
        matching = {rule.slug for rule, _ in evaluate_finding(rules, found, last_fired={})}
        if not matching:
            return
        with self._sessions.begin() as session:
            ledger = Ledger(session, view, now=self._now(), court=self._court)
            ledger.read([body])
            fired = ledger.entries.fired.get(body.presence_id, frozenset())
            last = ledger.entries.last_fired.get(finding.camera, {})
            firing = evaluate_finding(rules, found, fired=fired, last_fired=last)
            silenced = _silenced((rule for rule in rules if rule.slug in matching - fired), last, at=finding.at)
            ledger.conclude(body, firing, module=finding.module, results=finding.results)
            _attach(session, finding)
            camera = ledger.camera(finding.camera)
            if camera is not None and (firing or silenced):
                note(
                    session,
                    view,
                    ledger.entries,
                    body,
                    account_id=camera.account_id,
                    now=self._now(),
                    silenced=silenced,
                )
        self._tell(ledger.entries)
        self._end_unless_there(body, matching)

    def _end_unless_there(self, body: PresenceChanged, rules: Collection[str]) -> None:
        """Close the event that these rules raised, if the end of its presence was told before there was an event.

        Asked once the event is stored: an end that is told later finds it.
        """
        if self._is_there(body.camera, body.presence_id):
            return
        uuid = ids.event_id(body.presence_id)
        with self._sessions.begin() as session:
            raised_by = session.scalar(select(Event.rules).where(Event.uuid == uuid)) or [""]
            if raised_by[0] not in rules:
                return
            ledger = Ledger(session, SiteView(), now=self._now())
            ledger.end_event(uuid, body.camera, at=body.last_seen_at)
        self._tell(ledger.entries)

    def _is_there(self, camera: str, presence_id: str) -> bool:
        state = self._redis.get(EYE_STATE.format(slug=camera))
        try:
            there = json.loads(state or b"{}").get("presences", ())
        except ValueError:
            return False
        return presence_id in there

    def _about_scene(self, finding: FindingMade, view: SiteView) -> None:
        rules = view.rules_of.get(finding.camera, ())
        firing = evaluate_finding(rules, Found(finding.module, finding.results, finding.at), last_fired={})
        with self._sessions.begin() as session:
            ledger = Ledger(session, view, now=self._now(), court=self._court)
            camera = ledger.camera(finding.camera)
            if camera is None:
                return
            ledger.read_firings({finding.camera})
            last = dict(ledger.entries.last_fired.get(finding.camera, {}))
            new = [
                (rule, match)
                for rule, match in firing
                if is_new_episode(finding.at, last.get(rule.slug), gap_s=_gap_s(rule, camera, finding.module))
            ]
            _end_scenes(session, ledger, view, finding=finding, camera=camera, last=last)
            ledger.fire(finding.camera, (rule.slug for rule, _ in firing), at=finding.at)
            if new:
                picture = self._scene_picture(finding, timeline.best_match(new))
                draft = timeline.scene_finding(
                    camera,
                    new,
                    module=finding.module,
                    results=finding.results,
                    at=finding.at,
                    picture=picture,
                    trace_id=finding.trace_id,
                )
                ledger.raise_event(draft, [rule for rule, _ in new], evidence=_evidence(finding))
                session.flush()
                _attach(session, finding, uuid=draft.uuid)
        self._tell(ledger.entries)

    def _scene_picture(self, finding: FindingMade, match: Match) -> ScenePicture | None:
        """The deciding picture, stored as an event's snapshot; None where it is gone."""
        if not finding.pictures:
            return None
        place = match.picture if match.picture is not None and match.picture < len(finding.pictures) else -1
        uuid = timeline.scene_event_id(finding.camera, finding.module, finding.at)
        path = f"snapshots/{finding.camera}/{finding.at:%Y/%m/%d}/{uuid}.jpg"
        try:
            content = self._media.read(finding.pictures[place].path)
            head = picture_head(content)
            self._media.write(path, content)
        except (FileNotFoundError, ArgusError) as error:
            # A picture that is lost costs the picture, never the alert.
            log.error("scene_picture_not_kept", camera=finding.camera, reason=str(error)[:200])
            return None
        return ScenePicture(path, head.width, head.height, match.box)

    def _tell(self, entries: Entries) -> None:
        for draft in entries.stored:
            metrics.EVENTS.labels(draft.kind).inc()
            log.info("event_stored", event_id=draft.uuid, camera=draft.camera.slug, label=draft.label,
                     rules=draft.rules, trace_id=draft.trace_id)  # fmt: skip
        if entries.told or entries.asked:
            self._committed()
        if entries.ordered:
            self._ordered()


def _silenced(matching: Iterable[Rule], last: Mapping[str, datetime], *, at: datetime) -> dict[str, datetime]:
    """Those of the rules whose cooldown alone keeps them silent, with until when."""
    return {
        rule.slug: cools_until(rule, fired_at)
        for rule in matching
        if (fired_at := last.get(rule.slug)) is not None and is_cooling(rule, at, fired_at)
    }


def _evidence(finding: FindingMade) -> list[str]:
    """Further pictures of the scene, spread over the burst."""
    paths = [picture.path for picture in finding.pictures]
    return paths if len(paths) <= MOST_EVIDENCE else [paths[0], paths[len(paths) // 2], paths[-1]]


def _gap_s(rule: Rule, camera: CameraFacts, module: str) -> float:
    return max(rule.cooldown_s, EPISODE_GAP_S, _LOOKS_MISSED * every_s(camera.options, module))


def _end_scenes(
    session: Session,
    ledger: Ledger,
    view: SiteView,
    *,
    finding: FindingMade,
    camera: CameraFacts,
    last: dict[str, datetime],
) -> None:
    """Close the events of episodes that are over: none of their rules has matched for longer than its gap."""
    rows = session.execute(
        select(Event.uuid, Event.rules, Event.modules_triggered, Event.occurred_at)
        .where(
            Event.camera_slug == finding.camera,
            Event.kind == "detection",
            Event.presence_id.is_(None),
            Event.ended_at.is_(None),
        )
        .order_by(Event.occurred_at.desc())
        .limit(_OPEN_SCENES)
    )
    for uuid, slugs, modules, occurred_at in rows.all():
        rules = [rule for slug in slugs if (rule := view.rules.get(slug)) is not None]
        seen = max((last[slug] for slug in slugs if slug in last), default=occurred_at)
        gap_s = max((_gap_s(rule, camera, finding.module) for rule in rules), default=0.0)
        if finding.module in modules and is_new_episode(finding.at, seen, gap_s=gap_s):
            ledger.end_event(uuid, finding.camera, at=seen)


def _attach(session: Session, finding: FindingMade, *, uuid: str | None = None) -> None:
    """Give the event what was recognised before there was one."""
    wanted = uuid or (ids.event_id(finding.presence.presence_id) if finding.presence else "")
    event = session.scalar(select(Event.id).where(Event.uuid == wanted))
    if event is None:
        return
    rows = session.scalars(
        select(Recognition).where(
            Recognition.camera_slug == finding.camera, Recognition.at == finding.at, Recognition.event_id.is_(None)
        )
    )
    for row in rows:
        if row.data.get("job_id") == finding.job_id:
            row.event_id = event
