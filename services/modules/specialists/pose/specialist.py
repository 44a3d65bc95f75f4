"""`pose`: how people stand, move and fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.pose.action import Action, action_of
from services.modules.specialists.pose.estimator import MODELS, Estimator, open_estimator
from services.modules.specialists.pose.following import follow
from services.modules.specialists.pose.looking import Look, moment_of, within
from services.modules.specialists.pose.settings import PoseSettings
from shared.domain.box import Box
from shared.vision.persons import PersonFinder, open_person_finder

_MOST_PICTURES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A person and what it does."""

    looks: tuple[Look, ...]
    action: Action

    @property
    def weight(self) -> tuple[bool, float]:
        """Whoever fell comes first, then who is largest."""
        return (self.action.name == "fall", self.looks[-1].box.area)


class Pose:
    """Finds the keypoints of persons, and what they do with them over the pictures."""

    manifest: ClassVar[Manifest] = Manifest(
        name="pose",
        version="1",
        summary="tells how people stand, sit, lie, walk, run, hold their hands up or fall, with their keypoints",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"person"}),
        weights=(*MODELS, "yolox_nano"),
        max_pictures=_MOST_PICTURES,
        cost_ms=20,
    )
    settings_type: ClassVar[type[PoseSettings]] = PoseSettings

    def __init__(self, estimator: Estimator, persons: PersonFinder, settings: PoseSettings) -> None:
        self._estimator = estimator
        self._persons = persons
        self._settings = settings

    @classmethod
    def open(cls, options: PoseSettings, tools: Tools) -> Self:
        persons = open_person_finder(
            tools.weights,
            name=options.detector,
            confidence=options.confidence,
            threads=tools.threads,
            field="modules.specialists.pose.detector",
        )
        return cls(open_estimator(options.model, tools.weights, threads=tools.threads), persons, options)

    def examine(self, case: Case) -> Finding:
        pictures = case.pictures[-_MOST_PICTURES:]
        times = _times(pictures)
        found: list[list[Box]] = []
        for number, picture in enumerate(pictures):
            found.append(self._boxes(picture, case))
            case.progress((number + 1) / (2 * len(pictures)))
        alone = case.scope == "object" or all(picture.subject is not None for picture in pictures)
        persons = _one(found) if alone else [p.boxes for p in follow(list(zip(times, found, strict=True)))]
        posed = [self._posed(boxes, pictures, times, scene=case.scope == "scene") for boxes in persons]
        posed.sort(key=lambda one: one.weight, reverse=True)
        return Finding(_results(posed[: self._settings.most_persons], pictures))

    def close(self) -> None:
        self._estimator.close()
        self._persons.close()

    def _boxes(self, picture: Picture, case: Case) -> list[Box]:
        """Whom to look at: the subject, or the persons found. A crop of a person shows one, found or not."""
        height, width = picture.bgr.shape[:2]
        if picture.subject is not None:
            subject = picture.subject.clipped(width, height)
            return [subject] if subject.area > 0 else []
        alone = case.scope == "object"
        found = self._persons.find(picture.bgr, at_most=1 if alone else self._settings.most_persons)
        if not found and alone:
            return [Box(0, 0, width, height)]
        return [person.box for person in found]

    def _posed(
        self, boxes: Sequence[tuple[int, Box]], pictures: Sequence[Picture], times: Sequence[float], *, scene: bool
    ) -> Posed:
        looks = []
        for number, box in boxes:
            picture = pictures[number].bgr
            looks.append(Look(number, box, within(self._estimator.look(picture, box), picture)))
        moments = [
            moment_of(look, at_s=times[look.number], min_height_px=self._settings.min_height_px) for look in looks
        ]
        same_view = _same_view([pictures[look.number] for look in looks], scene=scene)
        action = action_of(moments, same_view=same_view, fall_within_s=self._settings.fall_within_s)
        return Posed(tuple(looks), action)


def _one(found: Sequence[Sequence[Box]]) -> list[Sequence[tuple[int, Box]]]:
    boxes = [(number, some[0]) for number, some in enumerate(found) if some]
    return [boxes] if boxes else []


def _times(pictures: Sequence[Picture]) -> list[float]:
    """Seconds since the first picture; without times only the order is known, and all are at 0."""
    first = pictures[0].at
    return [
        (picture.at - first).total_seconds() if first is not None and picture.at is not None else 0.0
        for picture in pictures
    ]


def _same_view(pictures: Sequence[Picture], *, scene: bool) -> bool:
    """Whether a place in one picture is the same place in the next: not in crops, each cut out around the person."""
    whole = scene or all(picture.subject is not None for picture in pictures)
    timed = all(picture.at is not None for picture in pictures)
    return whole and timed and len({picture.bgr.shape for picture in pictures}) == 1


def _results(posed: Sequence[Posed], pictures: Sequence[Picture]) -> dict[str, Any]:
    shown = [_shown(one, pictures) for one in posed]
    main = shown[0] if shown else {"keypoints": [], "person_action": "unknown", "confidence": 0.0}
    return {
        "keypoints": main["keypoints"],
        "person_action": main["person_action"],
        "confidence": main["confidence"],
        "persons": shown,
    }


def _shown(one: Posed, pictures: Sequence[Picture]) -> dict[str, Any]:
    look = one.looks[-1]
    height, width = pictures[look.number].bgr.shape[:2]
    return {
        "bbox": [round(side) for side in look.box.clipped(width, height).as_xyxy()],
        "keypoints": look.skeleton.shown(width, height),
        "person_action": one.action.name,
        "confidence": one.action.confidence,
        "picture": look.number,
    }
