"""`hand`: hands and their 21 landmarks."""

from __future__ import annotations

from typing import ClassVar, Self

from services.modules.hand_finding import HandSettings, HandSight
from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from shared.vision.hands.finder import LANDMARKS, PALMS
from shared.vision.hands.hand import Hand

_MOST_PICTURES = 3


class HandModule:
    """Finds hands on the newest picture that shows any."""

    manifest: ClassVar[Manifest] = Manifest(
        name="hand",
        version="1",
        summary="finds hands: where they are, left or right, and their 21 landmarks",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"person"}),
        weights=(*PALMS, *LANDMARKS),
        max_pictures=_MOST_PICTURES,
        cost_ms=80,
    )
    settings_type: ClassVar[type[HandSettings]] = HandSettings

    def __init__(self, sight: HandSight) -> None:
        self._sight = sight

    @classmethod
    def open(cls, options: HandSettings, tools: Tools) -> Self:
        return cls(HandSight(options, tools))

    def examine(self, case: Case) -> Finding:
        pictures = case.pictures[-_MOST_PICTURES:]
        for number, picture in reversed(list(enumerate(pictures))):
            hands = self._sight.look(picture, whole=case.scope == "scene")
            case.progress((len(pictures) - number) / len(pictures))
            if hands:
                return Finding({"hands": [_shown(hand, picture) for hand in hands], "picture": number})
        return Finding({"hands": [], "picture": len(pictures) - 1})

    def close(self) -> None:
        self._sight.close()


def _shown(hand: Hand, picture: Picture) -> dict[str, object]:
    height, width = picture.bgr.shape[:2]
    return {
        "bbox": hand.bbox(width, height),
        "handedness": hand.handedness,
        "confidence": round(hand.confidence, 4),
        "landmarks": hand.landmarks(width, height),
    }
