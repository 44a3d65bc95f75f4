"""What is remembered of a camera between looks: its usual views and what has been wrong since when. Some 40 KB."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.camera_health.look import Look
from services.modules.specialists.camera_health.outline import Grey, Outline, outline

MOST_VIEWS: Final = 4

_VERSION: Final = 1
_LARGEST_SIDE_PX: Final = 256
_MOST_SAMPLES: Final = 4096
_KNOWN_AFTER: Final = 3
_USUAL_FIT: Final = 0.6
_BLEND: Final = 0.25
_SLOW: Final = 0.05
_JPEG_QUALITY: Final = 92


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One usual view of the camera, in one light; `fit` is how well looks at it usually fit."""

    thumb: Grey
    outline: Outline
    luma: float
    bright: float
    sharpness: float | None
    fit: float
    looks: int
    since: datetime
    seen_at: datetime

    @classmethod
    def of(cls, look: Look, at: datetime) -> View:
        return cls(look.thumb, look.outline, look.luma, look.bright, look.sharpness, 1.0, 1, at, at)

    @property
    def usual_fit(self) -> float:
        """As far as it is known yet."""
        return self.fit if self.looks >= _KNOWN_AFTER else _USUAL_FIT

    def blended(self, look: Look, *, fit: float, at: datetime) -> View:
        """With one more look at it; the light of the day, parked cars and the like are followed."""
        thumb = np.asarray(cv2.addWeighted(self.thumb, 1 - _BLEND, look.thumb, _BLEND, 0), np.uint8)
        return View(
            thumb=thumb,
            outline=outline(thumb),
            luma=_towards(self.luma, look.luma, _BLEND),
            bright=_towards(self.bright, look.bright, _BLEND),
            sharpness=_sharpness(self.sharpness, look.sharpness),
            fit=fit if self.looks == 1 else _towards(self.fit, fit, _BLEND),
            looks=self.looks + 1,
            since=self.since,
            seen_at=at,
        )


@dataclass(frozen=True, slots=True)
class Streak:
    """Something has been seen in so many looks in a row."""

    since: datetime
    looks: int


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """Single pixels of the pictures since which nothing has changed."""

    samples: NDArray[np.uint8]
    since: datetime
    looks: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """`views`, the oldest seen first; `candidate` is what may become one; `highlights` those of late, while it was not
    black; `told` the results of the look at `at`."""

    at: datetime | None = None
    views: tuple[View, ...] = ()
    candidate: View | None = None
    streaks: Mapping[str, Streak] = field(default_factory=dict)
    still: Still | None = None
    highlights: float | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    def with_view(self, view: View, *, instead_of: View | None = None) -> Memory:
        """The view is the newest seen now; the one longest not seen is forgotten when there are too many."""
        others = [one for one in self.views if one is not instead_of]
        return replace(self, views=(*others, view)[-MOST_VIEWS:])


def packed(memory: Memory, *, told: Mapping[str, Any]) -> bytes:
    """As JSON, with the results of the look at `at`."""
    still, at = memory.still, memory.at
    return json.dumps(
        {
            "version": _VERSION,
            "at": at.isoformat() if at is not None else None,
            "views": [_packed_view(view) for view in memory.views],
            "candidate": _packed_view(memory.candidate) if memory.candidate is not None else None,
            "streaks": {name: [one.since.isoformat(), one.looks] for name, one in memory.streaks.items()},
            "still": [_text(still.samples.tobytes()), len(still.samples), still.since.isoformat(), still.looks]
            if still is not None
            else None,
            "highlights": memory.highlights,
            "told": dict(told),
        }
    ).encode()


def unpacked(content: bytes | None) -> Memory:
    """What cannot be read, of another version or damaged, is as if nothing were remembered."""
    if content is None:
        return Memory()
    try:
        said = json.loads(content)
        if said["version"] != _VERSION:
            return Memory()
        return Memory(
            at=datetime.fromisoformat(said["at"]) if said["at"] else None,
            views=tuple(_view(one) for one in said["views"])[-MOST_VIEWS:],
            candidate=_view(said["candidate"]) if said["candidate"] else None,
            streaks={
                str(name): Streak(datetime.fromisoformat(since), int(looks))
                for name, (since, looks) in said["streaks"].items()
            },
            still=_still(*said["still"]) if said["still"] else None,
            highlights=None if said["highlights"] is None else float(said["highlights"]),
            told=dict(said["told"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, cv2.error):
        return Memory()


def _packed_view(view: View) -> dict[str, Any]:
    jpeg = cv2.imencode(".jpg", view.thumb, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
    return {
        "jpeg": _text(jpeg),
        "numbers": [view.luma, view.bright, view.sharpness, view.fit, view.looks],
        "times": [view.since.isoformat(), view.seen_at.isoformat()],
    }


def _view(said: Mapping[str, Any]) -> View:
    thumb = cv2.imdecode(np.frombuffer(base64.b64decode(said["jpeg"]), np.uint8), cv2.IMREAD_GRAYSCALE)
    if thumb is None or max(thumb.shape) > _LARGEST_SIDE_PX:
        raise ValueError("no thumbnail")
    grey = np.asarray(thumb, np.uint8)
    luma, bright, sharpness, fit, looks = said["numbers"]
    since, seen_at = (datetime.fromisoformat(time) for time in said["times"])
    return View(
        thumb=grey,
        outline=outline(grey),
        luma=float(luma),
        bright=float(bright),
        sharpness=None if sharpness is None else float(sharpness),
        fit=float(fit),
        looks=int(looks),
        since=since,
        seen_at=seen_at,
    )


def _still(samples: str, pictures: int, since: str, looks: int) -> Still:
    flat = np.frombuffer(base64.b64decode(samples), np.uint8)
    if not 0 < flat.size <= _MOST_SAMPLES * pictures:
        raise ValueError("no samples")
    return Still(flat.reshape(pictures, -1), datetime.fromisoformat(since), looks)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _towards(old: float, new: float, share: float) -> float:
    return old + share * (new - old)


def _sharpness(old: float | None, new: float | None) -> float | None:
    """Followed slowly, and up more readily than down: what blurs by and by is not to become the usual."""
    if old is None or new is None:
        return new if old is None else old
    return _towards(old, new, _BLEND if new > old else _SLOW)
