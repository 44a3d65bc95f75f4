"""Bodies that are one of several kinds: the refusal names the client's fields, not the kinds tried."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError


def untagged(name: str) -> WrapValidator:
    """Around a union that is told apart by the field `name`."""

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            raise ValidationError.from_exception_data(name, [_line(each, name) for each in details]) from None

    return WrapValidator(validate)


def _line(error: ErrorDetails, name: str) -> InitErrorDetails:
    kind = error["type"]
    if kind == "union_tag_not_found":
        return InitErrorDetails(type="missing", loc=(name,), input=None)
    if kind == "union_tag_invalid":
        expected = error["ctx"]["expected_tags"]
        return _custom(kind, f"must be one of {expected}", (name,))
    place = tuple(error["loc"][1:])
    if kind == "missing":
        return InitErrorDetails(type="missing", loc=place, input=None)
    return _custom(kind, error["msg"].removeprefix("Value error, "), place)


def _custom(kind: Any, reason: str, place: tuple[int | str, ...]) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, "{reason}", {"reason": reason}), loc=place, input=None)
