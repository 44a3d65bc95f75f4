"""The condition that a specialist finds something: a plate on the deny list, an unknown face, fire, no helmet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, field_validator

from shared.domain.module import SCENE_MODULES, THINGS, ModuleName
from shared.domain.presence import Presence
from shared.rules.as_new import is_new
from shared.rules.condition import Condition
from shared.rules.finding_words import strange_words
from shared.rules.found import Found, Match, match_of
from shared.rules.labels import Labels
from shared.rules.schedule import Schedule
from shared.rules.unmet import Unmet, asleep, words

MAX_WORDS: Final = 128


def _as_set(value: object) -> object:
    """One word is as good as a list of one; anything else is told as what it is."""
    if isinstance(value, str):
        return frozenset((value,))
    if isinstance(value, list) and 0 < len(value) <= MAX_WORDS and all(isinstance(word, str) for word in value):
        return frozenset(value)
    raise ValueError(f"must be a word or a list of 1 to {MAX_WORDS} words")


Word = Annotated[str, Field(min_length=1, max_length=128)]
Words = Annotated[
    frozenset[Word],
    BeforeValidator(
        _as_set, json_schema_input_type=Word | Annotated[list[Word], Field(min_length=1, max_length=MAX_WORDS)]
    ),
    PlainSerializer(sorted),
]
ListMatch = Literal["allow", "deny", "none"]
ListMatches = Annotated[
    frozenset[ListMatch],
    BeforeValidator(
        _as_set,
        json_schema_input_type=ListMatch | Annotated[list[ListMatch], Field(min_length=1, max_length=MAX_WORDS)],
    ),
    PlainSerializer(sorted),
]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "lpr": ("list_match", "plate", "region"),
    "face": ("unknown", "person_name"),
    "fire_smoke": ("label",),
    "camera_health": ("label",),
    "ppe": ("violation",),
    "pose": ("person_action",),
    "gesture": ("gesture", "help_signal"),
    "ocr": ("text",),
    "vehicle": ("color", "vehicle_type"),
    "bytetrack": ("label",),
}
"""What can be asked of each module's findings, beside `min_confidence`."""

_READ_AS: Final = {"plate": "plate_text", "violation": "violations", "vehicle_type": "type", "unknown": "identity"}


class FindingCondition(Condition):
    """`module` finds one thing to which all that is said here applies; with nothing said, anything at all.

    Of plates `list_match` (`none`: on no list), `plate` (letters and digits) and `region`; of faces `unknown` or
    `person_name`; of fire and smoke, and of a camera's own health, the `label`; of people a `violation` (what they
    lack), a `person_action`, a `gesture` or the `help_signal`; of text that it contains `text`; of vehicles `color` and
    `vehicle_type`. Several words mean any of them, in small or capital letters; where the module's words
    are known, a new rule may ask for no other. `min_confidence` is for things that
    have one.

    `presence_labels` names the presences that the module looks at for this, `schedule` says when. Without labels it
    looks at all that it wants to see; fire, smoke and a camera's health need nobody there, and are looked for as the
    camera says.
    """

    kind: Literal["finding"] = "finding"
    module: ModuleName = Field(examples=["lpr"])
    min_confidence: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    list_match: ListMatches | None = Field(default=None, examples=["deny"])
    plate: Words | None = Field(default=None, examples=["AB123CD"])
    region: Words | None = None
    unknown: bool | None = None
    person_name: Words | None = None
    label: Words | None = Field(default=None, examples=[["fire", "smoke"]])
    violation: Words | None = Field(default=None, examples=[["helmet"]])
    person_action: Words | None = Field(default=None, examples=[["fall"]])
    gesture: Words | None = None
    help_signal: bool | None = None
    text: Words | None = None
    color: Words | None = None
    vehicle_type: Words | None = None
    presence_labels: Labels = Field(default=frozenset(), examples=[["car"]])
    schedule: Schedule | None = None

    @field_validator(*sorted({key for keys in KEYS.values() for key in keys}))
    @classmethod
    def _is_of_the_module(cls, value: Any, info: ValidationInfo) -> Any:
        module = info.data.get("module")
        known = KEYS.get(module, ()) if module is not None else (info.field_name,)
        if value is not None and info.field_name not in known:
            said = ", ".join((*known, "min_confidence"))
            raise ValueError(f"is nothing that {module} finds; of its findings can be asked: {said}")
        if module is not None and isinstance(value, frozenset) and is_new(info):
            strange = strange_words(module, str(info.field_name), value)
            if strange is not None:
                raise ValueError(strange)
        return value

    def holds(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> bool:
        """Never: only what is found can satisfy it."""
        return False

    def unmet(self, presence: Presence, at: datetime, others: Sequence[Presence] = ()) -> Iterator[Unmet]:
        if not self._concerns(presence):
            yield Unmet("presence_labels", words(self.presence_labels), presence.label)
        elif self.schedule is not None and not self.schedule.awake(at):
            yield asleep(self.schedule, at)
        else:
            yield Unmet("module", f"that {self.module} finds what is asked for", "has found no such thing so far")

    def asks_findings(self) -> bool:
        return True

    def modules(self) -> tuple[str, ...]:
        return () if self.module in SCENE_MODULES and not self.presence_labels else (self.module,)

    def awaits(self, presence: Presence, at: datetime) -> bool:
        return bool(self.modules()) and self._concerns(presence) and self._awake(at)

    def found(self, finding: Found) -> Match | None:
        if finding.module != self.module or not self._awake(finding.at):
            return None
        if finding.presence is not None and not self._concerns(finding.presence):
            return None
        matching = [match_of(self.module, thing) for thing in self._things(finding.results) if self._applies(thing)]
        return max(matching, key=lambda match: match.confidence or 0.0, default=None)

    def _concerns(self, presence: Presence) -> bool:
        return not self.presence_labels or presence.label in self.presence_labels

    def _awake(self, at: datetime) -> bool:
        return self.schedule is None or self.schedule.awake(at)

    def _asked(self) -> dict[str, Any]:
        """What is asked, by its key."""
        keys = KEYS.get(self.module, ())
        return {key: wanted for key in keys if (wanted := getattr(self, key)) is not None}

    def _things(self, results: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The things that are listed; and all that is said beside them where that is what is asked about."""
        listed = results.get(THINGS.get(self.module, ""))
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            yield from (thing for thing in listed if isinstance(thing, Mapping))
        asked = [_READ_AS.get(key, key) for key in self._asked()]
        if asked and all(key in results for key in asked):
            yield results

    def _applies(self, thing: Mapping[str, Any]) -> bool:
        confidence = thing.get("confidence")
        if isinstance(confidence, int | float) and confidence < self.min_confidence:
            return False
        return all(_satisfies(key, wanted, thing.get(_READ_AS.get(key, key))) for key, wanted in self._asked().items())


def _satisfies(key: str, wanted: Any, said: Any) -> bool:
    """Whether what is said under a key is what is wanted."""
    if key == "unknown":
        return (said == "unknown") is wanted
    if key == "list_match":
        return (said or "none") in wanted
    if isinstance(wanted, bool):
        return said is wanted
    words = [word.casefold() for word in wanted]
    if key == "text":
        return isinstance(said, str) and any(word in said.casefold() for word in words)
    if key == "plate":
        words = [_compact(word) for word in words]
    heard = said if isinstance(said, list) else [said]
    return any(isinstance(one, str) and one.casefold() in words for one in heard)


def _compact(plate: str) -> str:
    return "".join(sign for sign in plate if sign.isalnum())
