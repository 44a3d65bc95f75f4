"""Rules as they are written in files: in argus.yaml, and by `argus rule export`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.db.events import RuleRow
from shared.domain.arming import ArmState
from shared.domain.channel import ChannelName
from shared.domain.errors import InvalidInput, UserError
from shared.domain.ids import is_slug
from shared.domain.module import ModuleName
from shared.rules.condition import DEFAULT_KIND, parse_condition
from shared.rules.legible import is_in_steps, stray_camera, unplaced_steps
from shared.rules.registry import (
    MAX_COOLDOWN_S,
    MAX_INCIDENT_WINDOW_S,
    MAX_JUDGE_DEADLINE_S,
    MAX_RECIPIENTS,
    MAX_SEVERITY,
    USUAL_JUDGE_DEADLINE_S,
    RuleChange,
)
from shared.rules.rule import CooldownPer, IncidentPer
from shared.settings.section import nearest

MOST_RULES = 1_000


def _slug(value: object) -> object:
    if not isinstance(value, str) or not is_slug(value):
        raise ValueError("must be 1–64 letters, digits, _ or -, beginning with a letter or digit")
    return value


class RuleDocument(BaseModel):
    """A rule with the fields of `POST /rules`; what is left out has its usual value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, BeforeValidator(_slug)]
    name: str = Field(min_length=1, max_length=128, pattern=r"\S")
    enabled: bool = True
    camera_id: str | None = Field(default=None, max_length=64)
    condition: dict[str, Any] = Field(default_factory=dict)
    cooldown_s: float = Field(default=0.0, ge=0, le=MAX_COOLDOWN_S, allow_inf_nan=False)
    cooldown_per: CooldownPer = "camera"
    severity: int = Field(default=1, ge=1, le=MAX_SEVERITY)
    modules: tuple[ModuleName, ...] = ()
    judge: bool = False
    judge_deadline_s: float = Field(default=USUAL_JUDGE_DEADLINE_S, ge=0, le=MAX_JUDGE_DEADLINE_S, allow_inf_nan=False)
    incident_window_s: float = Field(default=0.0, ge=0, le=MAX_INCIDENT_WINDOW_S, allow_inf_nan=False)
    incident_per: IncidentPer = "rule"
    channels: tuple[ChannelName, ...] = ()
    recipients: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(), max_length=MAX_RECIPIENTS)
    armed: tuple[ArmState, ...] = ()

    def change(self) -> RuleChange:
        """Everything that it says, to be stored."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name not in ("id", "camera_id")}
        return RuleChange(camera=self.camera_id or "", **values)

    def written(self) -> dict[str, Any]:
        """What differs from the usual, as plain values for a file; `read_rules` reads the same rule from it."""
        shown = self.model_dump(mode="json", exclude_defaults=True)
        return {name: shown[name] for name in type(self).model_fields if name in shown}


def document_of(row: RuleRow) -> RuleDocument:
    """The rule that is stored. Raises `pydantic.ValidationError` for one that this version cannot read."""
    values = {name: getattr(row, name) for name in RuleDocument.model_fields if name not in ("id", "camera_id")}
    # The usual kind is left out, as people do.
    condition = {name: value for name, value in row.condition.items() if (name, value) != ("kind", DEFAULT_KIND)}
    return RuleDocument.model_validate(values | {"id": row.slug, "camera_id": row.camera_slug, "condition": condition})


def read_rules(given: object, *, path: str = "rules", new: bool = True) -> tuple[RuleDocument, ...]:
    """The rules that a file lists. Raises `InvalidInput` that names every wrong field of all of them.

    Of `new` ones that includes what can be read and can never fire.
    """
    if not isinstance(given, list | tuple) or len(given) > MOST_RULES:
        raise InvalidInput([UserError(path, f"must be a list of at most {MOST_RULES} rules")])
    found: list[RuleDocument] = []
    problems: list[UserError] = []
    for position, values in enumerate(given):
        place = f"{path}.{position}"
        if not isinstance(values, Mapping):
            problems.append(UserError(place, "must be a rule, with an id and a name"))
            continue
        problems += _problems_of_condition(values, place, new=new)
        try:
            found.append(RuleDocument.model_validate(values))
        except ValidationError as error:
            problems += _problems(error, place)
    problems += _twice(found, path)
    if problems:
        raise InvalidInput(problems)
    return tuple(found)


def _problems_of_condition(values: Mapping[str, Any], place: str, *, new: bool) -> Iterator[UserError]:
    condition = values.get("condition", {})
    if not isinstance(condition, Mapping):
        return
    try:
        parse_condition(condition, path=f"{place}.condition", new=new)
    except InvalidInput as error:
        yield from error.problems
    except (TypeError, ValueError):
        yield UserError(f"{place}.condition", "holds what JSON cannot hold", remedy="quote dates and times")
        return
    camera = values.get("camera_id")
    if new and is_in_steps(condition) and (camera is None or isinstance(camera, str)):
        for problem in (*stray_camera(condition, camera), *unplaced_steps(condition, camera)):
            yield problem.inside(place)


def _problems(error: ValidationError, place: str) -> Iterator[UserError]:
    for each in error.errors(include_url=False, include_input=False):
        field = ".".join([place, *map(str, each["loc"])])
        if each["type"] == "extra_forbidden":
            yield UserError(field, "is not known", remedy=nearest(str(each["loc"][-1]), RuleDocument.model_fields))
        elif each["type"] == "missing":
            yield UserError(field, "is required")
        else:
            reason = each["msg"].removeprefix("Value error, ")
            yield UserError(field, reason[:1].lower() + reason[1:])


def _twice(found: list[RuleDocument], path: str) -> Iterator[UserError]:
    seen: set[str] = set()
    for rule in found:
        if rule.id in seen:
            yield UserError(path, f"the id {rule.id!r} stands there twice", remedy="rename one of the two")
        seen.add(rule.id)
