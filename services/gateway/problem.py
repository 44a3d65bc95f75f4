"""What went wrong with a request, before a dialect puts it into its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from shared.domain.errors import Conflict, InvalidInput, NotFound, Transient, UserError


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal. `code` is stable and for machines, `message` for people, `fields` names every wrong field."""

    status: int
    code: str
    message: str
    fields: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Ends a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def invalid(fields: Iterable[tuple[str, str]]) -> Problem:
    """A 400 that names every wrong field."""
    found = tuple(fields)
    return Problem(400, "invalid_request", "; ".join(_sentence(name, reason) for name, reason in found), found)


def refused_body(reason: str, *, status: int = 400, code: str = "invalid_request") -> Refusal:
    return Refusal(Problem(status, code, reason))


def problem_of(error: Exception, *, request_id: str = "") -> Problem:
    """The problem behind any exception that ended a request. What is not foreseen is a 500 without details."""
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    hint = f" (request {request_id})" if request_id else ""
    return Problem(500, "internal_error", f"Something went wrong on our side{hint}")


def fields_of(error: ValidationError, *, place: str = "") -> list[tuple[str, str]]:
    """Every wrong field of a pydantic error, as `zones[0].points` and what was expected."""
    found = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = field_name([place, *each["loc"]] if place else each["loc"])
        reason = "is required" if each["type"] == "missing" else _lowered(each["msg"])
        found.append((name, reason))
    return found


def field_of(error: UserError) -> tuple[str, str]:
    """The wrong field of an error as `fields_of` names one, and what was expected."""
    reason = f"{error.reason} – {error.remedy}" if error.remedy else error.reason
    return field_name(error.field.split(".")), reason


def field_name(location: Iterable[str | int]) -> str:
    """`zones[0].points[2]` for `("zones", 0, "points", 2)`."""
    name = ""
    for part in location:
        text = str(part)
        if text.isdigit():
            name += f"[{text}]"
        else:
            name += f".{text}" if name else text
    return name


def _sentence(name: str, reason: str) -> str:
    return f"Field '{name}' {reason}" if name else _capital(reason)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _conflict(error: Conflict) -> str:
    return _sentence(*field_of(error))


def _lowered(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    code, message = _HTTP.get(status, (f"http_{status}", error.name))
    if status == 429 and error.description:
        message = error.description
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return Problem(status, code, message, headers=headers)


def _of_database(error: DBAPIError | PoolTimeoutError) -> Problem:
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError)) or error.connection_invalidated:
        return _unavailable("The database does not answer; try again in a moment")
    return Problem(500, "internal_error", "Something went wrong on our side")


def _unavailable(message: str, *, retry_after_s: float | None = None) -> Problem:
    wait_s = max(1, round(retry_after_s or 1))
    return Problem(503, "service_unavailable", message, headers={"Retry-After": str(wait_s)})


_HTTP = {
    400: ("invalid_request", "The request cannot be understood"),
    404: ("not_found", "There is nothing at this address"),
    405: ("method_not_allowed", "This address does not take this method"),
    413: ("payload_too_large", "The request is larger than allowed"),
    415: ("unsupported_media_type", "The body must be JSON (Content-Type: application/json)"),
    429: ("rate_limit_exceeded", "Too many requests; try again later"),
    500: ("internal_error", "Something went wrong on our side"),
}

# In order: the first kind that fits decides.
_TRANSLATIONS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (Refusal, lambda error: error.problem),
    (ValidationError, lambda error: invalid(fields_of(error))),
    (InvalidInput, lambda error: invalid(field_of(problem) for problem in error.problems)),
    (Conflict, lambda error: Problem(409, "conflict", _conflict(error))),
    (NotFound, lambda error: Problem(404, "not_found", _capital(error.reason), ((error.field, error.reason),))),
    (UserError, lambda error: invalid([field_of(error)])),
    (HTTPException, _of_http),
    (DBAPIError, _of_database),
    (PoolTimeoutError, _of_database),
    (RedisError, lambda _: _unavailable("Redis does not answer; try again in a moment")),
    (Transient, lambda error: _unavailable("Try again in a moment", retry_after_s=error.retry_after_s)),
)
