"""Rules as clients write and read them."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError

from services.gateway.dialects.cctv_smart.names import Slug
from services.gateway.http.fields import Name
from services.gateway.http.timestamps import whole_seconds
from services.gateway.openapi_shapes import REFERENCE, Shape
from shared.db.events import RuleRow
from shared.domain.arming import ARM_STATES, ArmState
from shared.domain.channel import CHANNELS, ChannelName
from shared.domain.errors import InvalidInput, UserError
from shared.domain.module import MODULES, ModuleName
from shared.rules.condition import DEFAULT_KIND, MAX_DEPTH, MAX_PARTS, condition_kinds, parse_condition
from shared.rules.registry import (
    MAX_COOLDOWN_S,
    MAX_INCIDENT_WINDOW_S,
    MAX_JUDGE_DEADLINE_S,
    MAX_RECIPIENTS,
    MAX_SEVERITY,
    RuleChange,
)
from shared.rules.rule import CooldownPer, IncidentPer
from shared.rules.steps import MAX_STEPS, MAX_WITHIN_S, MIN_STEPS


def _sound(values: dict[str, Any]) -> dict[str, Any]:
    """The condition, once the parser that the brain uses has read it; every problem at its own place."""
    try:
        parse_condition(values, path="", new=True)
    except InvalidInput as error:
        problems = [_line_error(problem) for problem in error.problems]
        raise ValidationError.from_exception_data("condition", problems) from None
    return values


def _line_error(problem: UserError) -> InitErrorDetails:
    reason = f"{problem.reason} – {problem.remedy}" if problem.remedy else problem.reason
    place = tuple(part for part in problem.field.split(".") if part)
    return InitErrorDetails(type=PydanticCustomError("condition", "{reason}", {"reason": reason}), loc=place, input="")


def _any_condition() -> JsonSchemaValue:
    """One of the kinds of conditions there are."""
    kinds = {name: kind for name, kind in condition_kinds().items() if kind.parts_field is None}
    schemas = {name: kind.model_json_schema(ref_template=REFERENCE) for name, kind in kinds.items()}
    parts = {name: part for schema in schemas.values() for name, part in schema.pop("$defs", {}).items()}
    shapes = {name: _named(name, schema) for name, schema in schemas.items()}
    alone = [shapes[name] for name, kind in kinds.items() if kind.about_camera]
    plain = [shapes[name] for name, kind in kinds.items() if not kind.about_camera]
    groups = _made_of_others(plain, depth=MAX_DEPTH)
    return {"anyOf": [*plain, *alone, *groups, *_made_of_steps([*plain, *groups])], "$defs": parts}


def _named(name: str, shape: JsonSchemaValue) -> JsonSchemaValue:
    """The shape, which must say its kind unless it is the one that is meant where none is said."""
    return shape if name == DEFAULT_KIND else {**shape, "required": ["kind", *shape.get("required", ())]}


def _made_of_others(plain: list[JsonSchemaValue], *, depth: int, negated: bool = False) -> list[JsonSchemaValue]:
    """Lists of conditions, up to `depth` of them inside each other, and negations, written out."""
    found: list[JsonSchemaValue] = []
    for name, kind in condition_kinds().items():
        if kind.parts_field == "conditions" and depth > 0:
            inner = {"anyOf": [*plain, *_made_of_others(plain, depth=depth - 1)]}
            parts: JsonSchemaValue = {"type": "array", "minItems": 1, "maxItems": MAX_PARTS, "items": inner}
        elif kind.parts_field == "condition" and not negated:
            parts = {"anyOf": [*plain, *_made_of_others(plain, depth=depth, negated=True)]}
        else:
            continue
        found.append(
            {
                "type": "object",
                "description": inspect.cleandoc(kind.__doc__ or ""),
                "properties": {"kind": {"const": name}, kind.parts_field: parts},
                "required": ["kind", kind.parts_field],
                "additionalProperties": False,
            }
        )
    return found


def _made_of_steps(parts: list[JsonSchemaValue]) -> list[JsonSchemaValue]:
    """Conditions about steps on several cameras, each of which asks one of `parts`."""
    camera = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, {"type": "null"}], "example": "cam_001"}
    step: JsonSchemaValue = {
        "type": "object",
        "properties": {"camera": camera, "condition": {"anyOf": parts}},
        "required": ["condition"],
        "additionalProperties": False,
    }
    return [
        {
            "type": "object",
            "description": inspect.cleandoc(kind.__doc__ or ""),
            "properties": {
                "kind": {"const": name},
                "within_s": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_WITHIN_S},
                "steps": {"type": "array", "minItems": MIN_STEPS, "maxItems": MAX_STEPS, "items": step},
            },
            "required": ["kind", "within_s", "steps"],
            "additionalProperties": False,
        }
        for name, kind in condition_kinds().items()
        if kind.parts_field == "steps"
    ]


CONDITION: Final = Shape("Condition", _any_condition)
ConditionJson = Annotated[dict[str, Any], CONDITION]
CheckedCondition = Annotated[dict[str, Any], AfterValidator(_sound), CONDITION]
CameraId = Annotated[str, Field(max_length=64, examples=["cam_001"])]
Cooldown = Annotated[float, Field(ge=0, le=MAX_COOLDOWN_S, allow_inf_nan=False, examples=[60])]
Deadline = Annotated[float, Field(ge=0, le=MAX_JUDGE_DEADLINE_S, allow_inf_nan=False, examples=[4])]
IncidentWindow = Annotated[float, Field(ge=0, le=MAX_INCIDENT_WINDOW_S, allow_inf_nan=False, examples=[120])]
Severity = Annotated[int, Field(ge=1, le=MAX_SEVERITY)]
RecipientId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Modules = Annotated[list[ModuleName], Field(max_length=len(MODULES), examples=[["lpr"]])]
Channels = Annotated[list[ChannelName], Field(max_length=len(CHANNELS), examples=[["webhook"]])]
Recipients = Annotated[list[RecipientId], Field(max_length=MAX_RECIPIENTS, examples=[[]])]
Armed = Annotated[list[ArmState], Field(max_length=len(ARM_STATES), examples=[["away", "night"]])]


class RuleChangeBody(BaseModel):
    """What to change; everything left out stays.

    A `condition` replaces the stored one as a whole. `camera_id` null or empty means every camera. Told are all whom
    `channels` reach and the `recipients` (ids of `/recipients`): everybody where neither is named. Within `cooldown_s`
    seconds of firing the rule keeps silent: on the same camera, or as `cooldown_per` says on all of them together
    (rule) or about the same thing alone (track). `modules` look at what it fires on. With `judge` a model is asked, and
    people are told once it has spoken, or after `judge_deadline_s` seconds (usually 4) without its word. It is awake
    while the camera's account is in one of the states `armed` (see `/arm`), always where there are none. Events that
    follow each other within `incident_window_s` seconds are one incident and one alert that is amended, of all cameras
    together or (`incident_per` camera) of each, or (track) of the same thing on a camera, whichever rules fired on it;
    with 0, as usual, each is an alert of its own.
    """

    name: Name | None = Field(default=None, examples=["Somebody at the door at night"])
    enabled: bool | None = None
    camera_id: CameraId | None = None
    condition: CheckedCondition | None = None
    cooldown_s: Cooldown | None = None
    cooldown_per: CooldownPer | None = None
    severity: Severity | None = None
    modules: Modules | None = None
    judge: bool | None = None
    judge_deadline_s: Deadline | None = None
    incident_window_s: IncidentWindow | None = None
    incident_per: IncidentPer | None = None
    channels: Channels | None = None
    recipients: Recipients | None = None
    armed: Armed | None = None

    def change(self) -> RuleChange:
        every_camera = "camera_id" in self.model_fields_set and self.camera_id is None
        return RuleChange(
            name=self.name,
            enabled=self.enabled,
            camera="" if every_camera else self.camera_id,
            condition=self.condition,
            cooldown_s=self.cooldown_s,
            cooldown_per=self.cooldown_per,
            severity=self.severity,
            modules=tuple(self.modules) if self.modules is not None else None,
            judge=self.judge,
            judge_deadline_s=self.judge_deadline_s,
            incident_window_s=self.incident_window_s,
            incident_per=self.incident_per,
            channels=tuple(self.channels) if self.channels is not None else None,
            recipients=tuple(self.recipients) if self.recipients is not None else None,
            armed=tuple(self.armed) if self.armed is not None else None,
        )


class NewRuleBody(RuleChangeBody):
    """A rule to add. Without an `id` the next free `rule_NNN` is taken; without a `condition` it always holds."""

    id: Slug | None = Field(default=None, examples=["rule_002"])
    name: Name = Field(examples=["Somebody at the door at night"])


class RuleShown(BaseModel):
    """A rule. `shared` rules are everybody's, and only an administrator may change them.

    One whose `origin` is `file` stands in argus.yaml and is changed there.
    """

    id: str = Field(examples=["rule_001"])
    name: str = Field(examples=["A person anywhere"])
    enabled: bool
    camera_id: str | None
    condition: ConditionJson
    cooldown_s: float
    cooldown_per: CooldownPer
    severity: int
    modules: list[str]
    judge: bool
    judge_deadline_s: float
    incident_window_s: float
    incident_per: IncidentPer
    channels: list[str]
    recipients: list[int]
    armed: list[str]
    shared: bool
    origin: Literal["api", "file"]
    created_at: str = Field(examples=["2025-01-15T10:30:00Z"])
    updated_at: str = Field(examples=["2025-01-15T10:30:00Z"])


class RuleList(BaseModel):
    rules: list[RuleShown]
    count: int
    total: int


def rule_document(row: RuleRow) -> dict[str, Any]:
    return {
        "id": row.slug,
        "name": row.name,
        "enabled": row.enabled,
        "camera_id": row.camera_slug,
        "condition": {"kind": DEFAULT_KIND} | row.condition,
        "cooldown_s": row.cooldown_s,
        "cooldown_per": row.cooldown_per,
        "severity": row.severity,
        "modules": row.modules,
        "judge": row.judge,
        "judge_deadline_s": row.judge_deadline_s,
        "incident_window_s": row.incident_window_s,
        "incident_per": row.incident_per,
        "channels": row.channels,
        "recipients": row.recipients,
        "armed": row.armed,
        "shared": row.account_id is None,
        "origin": row.origin,
        "created_at": whole_seconds(row.created_at),
        "updated_at": whole_seconds(row.updated_at),
    }
