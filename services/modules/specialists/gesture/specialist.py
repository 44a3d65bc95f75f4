"""`gesture`: what hands say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from services.modules.hand_finding import HandSettings, HandSight
from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.gesture.fingers import fingers_of
from services.modules.specialists.gesture.help_signal import asks_for_help
from services.modules.specialists.gesture.second_opinion import SecondOpinion, open_second_opinion
from services.modules.specialists.gesture.signs import gesture_of, part_of_help
from services.modules.specialists.gesture.views import Shown, View, follow
from shared.vision.hands.finder import LANDMARKS, PALMS
from shared.vision.hands.hand import Hand

_MOST_PICTURES = 24
_LEAST_LOOKS = 2
_LEAST_SHARE = 0.3


class GestureModule:
    """Names the gestures of hands, and sees the signal for help over several pictures."""

    manifest: ClassVar[Manifest] = Manifest(
        name="gesture",
        version="1",
        summary="names gestures (open palm, fist, thumbs, victory, pointing, ok) and sees the signal for help",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"person"}),
        weights=(*PALMS, *LANDMARKS, "gesture_keypoints"),
        max_pictures=_MOST_PICTURES,
        cost_ms=80,
    )
    settings_type: ClassVar[type[HandSettings]] = HandSettings

    def __init__(self, sight: HandSight, second: SecondOpinion | None) -> None:
        self._sight = sight
        self._second = second

    @classmethod
    def open(cls, options: HandSettings, tools: Tools) -> Self:
        return cls(HandSight(options, tools), open_second_opinion(tools.weights))

    def examine(self, case: Case) -> Finding:
        pictures = case.pictures[-_MOST_PICTURES:]
        first = pictures[0].at
        timed = first is not None and all(picture.at is not None for picture in pictures)
        views = []
        for number, picture in enumerate(pictures):
            hands = self._sight.look(picture, whole=case.scope == "scene")
            at_s = (picture.at - first).total_seconds() if picture.at and first else 0.0
            views.append([self._view(number, at_s, hand) for hand in hands])
            case.progress((number + 1) / len(pictures))
        shown = follow(views)
        helps = timed and any(asks_for_help([(view.at_s, view.part) for view in hand.views]) for hand in shown)
        gestures = [told for hand in shown if (told := _told(hand, pictures)) is not None]
        gestures.sort(key=lambda one: -one["confidence"])
        return Finding({"gestures": gestures, "help_signal": helps, "hands": len(shown)})

    def close(self) -> None:
        self._sight.close()
        if self._second is not None:
            self._second.close()

    def _view(self, number: int, at_s: float, hand: Hand) -> View:
        fingers = fingers_of(hand)
        if fingers is None:
            return View(number, at_s, hand, None, "none", "unclear")
        gesture = gesture_of(fingers)
        if self._second is not None and self._second.objects(hand, gesture):
            gesture = "none"
        return View(number, at_s, hand, fingers, gesture, part_of_help(fingers))


def _told(shown: Shown, pictures: Sequence[Picture]) -> dict[str, Any] | None:
    """The gesture a hand made most, at its clearest; of several pictures it must be in more than one."""
    counts = Counter(view.gesture for view in shown.views if view.gesture != "none").most_common(1)
    if not counts:
        return None
    gesture, looks = counts[0]
    if len(pictures) > 1 and (looks < _LEAST_LOOKS or looks < _LEAST_SHARE * len(shown.views)):
        return None
    best = max((view for view in shown.views if view.gesture == gesture), key=lambda view: view.hand.confidence)
    height, width = pictures[best.number].bgr.shape[:2]
    return {
        "gesture": gesture,
        "confidence": round(best.hand.confidence * (0.5 + 0.5 * looks / len(shown.views)), 4),
        "handedness": best.hand.handedness,
        "bbox": best.hand.bbox(width, height),
        "picture": best.number,
    }
