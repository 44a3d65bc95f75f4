"""Where the specialists of hands look for them."""

from __future__ import annotations

from pydantic import Field

from services.modules.specialist import Picture, Tools
from shared.domain.box import Box
from shared.settings.section import Section
from shared.vision.hands.finder import Limits, open_hand_finder
from shared.vision.hands.hand import Hand
from shared.vision.persons import DETECTOR, PersonFinder, open_person_finder
from shared.weights.condition import Condition

# Whoever fills this share of a picture is seen in it already.
_ALL = 0.6
_LEAST_PERSON = 0.35


class HandSettings(Section):
    """A hand is told from `confidence` on (a small one only when it is sure), at most `most_hands` a picture.

    In a whole picture up to `most_persons` people are looked at from nearby (0: none).
    """

    confidence: float = Field(default=0.85, ge=0.3, le=1)
    most_hands: int = Field(default=8, ge=1, le=32)
    most_persons: int = Field(default=4, ge=0, le=16)


class HandSight:
    """Looks for hands near the subject of a picture; without one, in the whole and at each person found there."""

    def __init__(self, options: HandSettings, tools: Tools) -> None:
        limits = Limits(hand=options.confidence, hands=options.most_hands)
        self._finder = open_hand_finder(tools.weights, threads=tools.threads, limits=limits)
        self._most_persons = options.most_persons
        self._persons = _persons(tools) if options.most_persons else None

    def look(self, picture: Picture, *, whole: bool) -> list[Hand]:
        """The hands, the surest first. `whole`: the picture shows a scene rather than one person."""
        height, width = picture.bgr.shape[:2]
        everywhere = Box(0, 0, width, height)
        if picture.subject is not None:
            return self._finder.find(picture.bgr, [picture.subject.clipped(width, height)])
        areas = [everywhere]
        if whole and self._persons is not None:
            found = self._persons.find(picture.bgr, at_most=self._most_persons)
            areas += [person.box for person in found if person.box.area < _ALL * everywhere.area]
        return self._finder.find(picture.bgr, areas)

    def close(self) -> None:
        self._finder.close()
        if self._persons is not None:
            self._persons.close()


def _persons(tools: Tools) -> PersonFinder | None:
    """Without the detector's weights small hands are missed, which is no reason not to look at all."""
    if tools.weights.verify(DETECTOR) is not Condition.OK:
        return None
    return open_person_finder(
        tools.weights, confidence=_LEAST_PERSON, threads=tools.threads, field="modules.specialists.hand.detector"
    )
