"""One object as a tracker remembers it between frames."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eye.motion import Motion
from shared.domain.detection import Detection

# Detectors waver between these on one and the same thing.
_VEHICLES = frozenset({"car", "truck", "bus", "van", "train"})
_MOTION = tuple(field.name for field in fields(Motion))[1:]


@dataclass(slots=True)
class Known:
    """Its motion, colours and labels; `detection` is what it was matched to on the latest frame."""

    track_id: int
    kind: str
    motion: Motion
    colours: NDArray[np.float32]
    votes: dict[str, float]
    hits: int = 1
    confirmed: bool = False
    detection: Detection | None = None

    @property
    def label(self) -> str:
        """The label with the most confidence behind it."""
        return max(self.votes, key=lambda label: self.votes[label])


def kind_of(label: str) -> str:
    """Labels of one kind may be the same object: a car that is called a truck for a frame stays one track."""
    return "vehicle" if label in _VEHICLES else label


def packed(known: Known) -> dict[str, Any]:
    """As JSON values; colours to 8 bits each, motion to single precision."""
    colours = np.round(known.colours * 255).astype(np.uint8)
    return {
        "id": known.track_id,
        "kind": known.kind,
        "at": known.motion.at,
        "motion": [float(f"{getattr(known.motion, name):.7g}") for name in _MOTION],
        "colours": base64.b64encode(colours.tobytes()).decode() if colours.any() else "",
        "votes": {label: round(vote, 3) for label, vote in known.votes.items()},
        "hits": known.hits,
        "confirmed": known.confirmed,
    }


def unpacked(state: Mapping[str, Any], *, colours: int) -> Known:
    """The reverse of `packed`; `colours` is the length of a descriptor. Raises `ValueError`, `KeyError` or
    `TypeError` on anything else."""
    kept = np.frombuffer(base64.b64decode(state["colours"]), dtype=np.uint8)
    if len(kept) not in (0, colours):
        raise ValueError(f"a descriptor of {len(kept)} colours where {colours} are known")
    return Known(
        track_id=int(state["id"]),
        kind=str(state["kind"]),
        motion=Motion(float(state["at"]), *(float(value) for value in state["motion"])),
        colours=(kept / 255).astype(np.float32) if len(kept) else np.zeros(colours, dtype=np.float32),
        votes={str(label): float(vote) for label, vote in state["votes"].items()},
        hits=int(state["hits"]),
        confirmed=bool(state["confirmed"]),
    )
