"""What is wrong with a recipient, by the fields of the client: pydantic names the kinds it tried as well."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

_Place = tuple[int | str, ...]


class ByOwnFields(BaseModel):
    """A body that holds an `address`, which is one of several kinds."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **kwargs: Any) -> Self:
        try:
            return super().model_validate_json(json_data, **kwargs)
        except ValidationError as error:
            # A RootModel is itself one of several kinds, told apart by their channel.
            is_tagged = "root" in cls.model_fields
            raise ValidationError.from_exception_data(
                cls.__name__, _lines(error.errors(include_url=False, include_input=False), is_tagged=is_tagged)
            ) from None


def _lines(errors: list[ErrorDetails], *, is_tagged: bool) -> list[InitErrorDetails]:
    reasons: dict[_Place, str] = {}
    for error in errors:
        place, reason = _place(error["loc"], is_tagged=is_tagged), error["msg"].removeprefix("Value error, ")
        if error["type"].startswith("union_tag"):
            place = (*place, "kind" if "address" in place else "channel")
        if error["type"] == "union_tag_invalid":
            reason = f"must be one of {error['ctx']['expected_tags']}"
        if error["type"] in ("missing", "union_tag_not_found"):
            reason = ""
        reasons[place] = f"{reasons[place]}, or {reason[:1].lower()}{reason[1:]}" if place in reasons else reason
    return [_line(place, reason) for place, reason in reasons.items()]


def _place(loc: _Place, *, is_tagged: bool) -> _Place:
    channel, rest = (loc[0] if loc else "", loc[1:]) if is_tagged else ("", loc)
    if rest[:1] != ("address",):
        return rest
    inner = rest[1:]
    if not is_tagged:
        channel, inner = (inner[0] if inner else ""), inner[1:]
    if channel == "physical":
        inner = inner[1:]  # the kind of device
    return ("address", *inner[:1])


def _line(place: _Place, reason: str) -> InitErrorDetails:
    if not reason:
        return InitErrorDetails(type="missing", loc=place, input=None)
    kind = PydanticCustomError("recipient", "{reason}", {"reason": reason})
    return InitErrorDetails(type=kind, loc=place, input=None)
