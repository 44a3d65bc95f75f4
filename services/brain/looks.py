"""Which specialists look at a presence, when, and at what. Pure.

They look as soon as a rule fires, at the pictures that are there; and once more at the presence's end when there are
new ones, then at the best of all. A rule that waits for a finding fires only after a look: there the first one is
taken once the presence has lasted `EARLY_S`, with or without an event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.brain.timeline import CameraFacts
from shared.domain import ids
from shared.domain.camera_modules import module_enabled, own_options
from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody, PresenceChanged
from shared.modules.order import ModuleOrder, PictureRef, look_id
from shared.modules.roster import ModuleInfo
from shared.rules.rule import Rule

FIRST: Final = 1
LAST: Final = 2
EARLY_S: Final = 2.0

# Until the first look the eye tells of a presence every second or so.
_TOLD_EVERY_S: Final = 1.5

Known = Mapping[str, ModuleInfo]


def wished(rules: Iterable[Rule], presence: Presence, at: datetime) -> tuple[str, ...]:
    """The specialists whose finding a rule waits for, about this presence."""
    names = (name for rule in rules if rule.condition.awaits(presence, at) for name in rule.condition.modules())
    return tuple(dict.fromkeys(names))


def ripe(presence: Presence) -> bool:
    """Whether the first look that needs no event is due."""
    return presence.duration_s >= EARLY_S


def asked_of(names: Iterable[str], camera: CameraFacts, label: str, *, known: Known) -> tuple[str, ...]:
    """Those of the specialists that may look at this camera, and want to see such a thing as far as is known."""
    return tuple(
        name
        for name in dict.fromkeys(names)
        if module_enabled(camera.options, name)
        and (name not in known or not known[name].labels or label in known[name].labels)
    )


def is_worth_another(presence: Presence, *, since: datetime | None) -> bool:
    """Whether there are pictures that the first look cannot have shown; `since` is when it was taken.

    Without it: as early as one that needs no event is.
    """
    first = since or presence.started_at + timedelta(seconds=EARLY_S + _TOLD_EVERY_S)
    return any(crop.at > first for crop in presence.crops)


def look_orders(
    body: PresenceBody, camera: CameraFacts, names: Collection[str], *, look: int, known: Known
) -> list[ModuleOrder]:
    """One order for each specialist that has something to look at."""
    orders = (_order(body, camera, name, look=look, info=known.get(name)) for name in names)
    return [order for order in orders if order is not None]


def _order(
    body: PresenceBody, camera: CameraFacts, module: str, *, look: int, info: ModuleInfo | None
) -> ModuleOrder | None:
    whole = info is not None and bool(info.scopes) and "object" not in info.scopes
    pictures = _whole(body) if whole else _crops(body)
    if not pictures:
        return None
    return ModuleOrder(
        job_id=look_id(body.presence_id, module, look),
        module=module,
        queue=info.queue if info is not None else "modules",
        pictures=pictures,
        scope="scene" if whole else "object",
        at=body.captured_at,
        account_id=camera.account_id,
        camera=body.camera,
        label=body.label,
        track_id=body.track_id,
        presence_id=body.presence_id,
        event_uuid=ids.event_id(body.presence_id),
        look=look,
        presence=PresenceChanged.model_validate(body.model_dump()),
        options=own_options(camera.options, module),
        trace_id=body.trace_id,
    )


def _crops(body: PresenceBody) -> tuple[PictureRef, ...]:
    """The crops, oldest first; the one of the best shot where none were kept."""
    if body.crops:
        ordered = sorted(body.crops, key=lambda crop: crop.at)
        return tuple(PictureRef(path=crop.path, at=crop.at, quality=crop.quality) for crop in ordered)
    return (PictureRef(path=body.crop, at=body.captured_at),) if body.crop else ()


def _whole(body: PresenceBody) -> tuple[PictureRef, ...]:
    return (PictureRef(path=body.snapshot, at=body.captured_at),) if body.snapshot else ()
