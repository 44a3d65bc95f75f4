"""The form of a refusal, and its codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

from flask import current_app, has_request_context, request
from pydantic import BaseModel, Field

from services.gateway.dialects.visionflow.words import language, say
from services.gateway.dialects.visionflow.words.reasons import reason_in
from services.gateway.http.hardening import request_id
from services.gateway.problem import Problem, Refusal


class WrongField(BaseModel):
    field: str = Field(examples=["name"])
    message: str = Field(examples=["is required"])


class ErrorBody(BaseModel):
    """A request that was refused. `errors` names every wrong field of one that is not valid."""

    status: str = Field(default="error", examples=["error"])
    message: str = Field(examples=["攝影機不存在或無權限訪問"])
    error_code: str = Field(examples=["CAMERA_NOT_FOUND"])
    errors: list[WrongField] | None = None


View = TypeVar("View", bound=Callable[..., Any])
CHALLENGE: Final = 'Bearer realm="Argus"'
"""How to bring credentials."""
_FORBIDDEN: Final = "visionflow_when_forbidden"

SECURITY: Final[list[dict[str, list[str]]]] = [{"bearer": []}]

REFUSALS: Final[dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]] = {
    "401": ErrorBody,
    "403": ErrorBody,
    "404": ErrorBody,
    "409": ErrorBody,
    "413": ErrorBody,
    "415": ErrorBody,
    "422": ErrorBody,
    "429": ErrorBody,
    "500": ErrorBody,
    "503": ErrorBody,
}

_CODES: Final[Mapping[str, str]] = {
    "unauthorized": "AUTH_REQUIRED",
    "invalid_token": "INVALID_TOKEN",
    "invalid_credentials": "INVALID_CREDENTIALS",
    "forbidden": "INSUFFICIENT_PERMISSIONS",
    "not_found": "RESOURCE_NOT_FOUND",
    "conflict": "CONFLICT",
    "invalid_request": "VALIDATION_ERROR",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "payload_too_large": "PAYLOAD_TOO_LARGE",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
    "rate_limit_exceeded": "RATE_LIMIT_EXCEEDED",
    "too_many_attempts": "RATE_LIMIT_EXCEEDED",
    "internal_error": "SERVER_ERROR",
    "service_unavailable": "SERVICE_UNAVAILABLE",
}
_OF_STATUS: Final[Mapping[int, str]] = {
    401: "AUTH_REQUIRED",
    403: "INSUFFICIENT_PERMISSIONS",
    404: "RESOURCE_NOT_FOUND",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
}


def error_code(problem: Problem) -> str:
    """The dialect's code for a problem of the core."""
    if problem.status == 404 and any(name == "camera" for name, _ in problem.fields):
        return "CAMERA_NOT_FOUND"
    otherwise = "SERVER_ERROR" if problem.status >= 500 else "VALIDATION_ERROR"
    return _CODES.get(problem.code) or _OF_STATUS.get(problem.status, otherwise)


@dataclass(frozen=True, slots=True)
class SaidProblem(Problem):
    """A refusal that an endpoint has put into words itself, in the language of the request."""

    error_code: str = ""


def refused(status: int, error_code: str, words: str, **values: object) -> Refusal:
    """A refusal with a text of `words`."""
    headers = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    problem = SaidProblem(status, error_code.lower(), say(words, **values), headers=headers, error_code=error_code)
    return Refusal(problem)


def said_when_forbidden(words: str) -> Callable[[View], View]:
    """Give an endpoint (outermost but for its route) a text of its own for whoever may not ask it."""

    def mark(view: View) -> View:
        setattr(view, _FORBIDDEN, words)
        return view

    return mark


def error_document(problem: Problem) -> dict[str, Any]:
    """The body of a refusal, in the language of the request."""
    if isinstance(problem, SaidProblem):
        return {"status": "error", "message": problem.message, "error_code": problem.error_code}
    code = error_code(problem)
    wrong = _wrong_fields(problem) if code == "VALIDATION_ERROR" else []
    reason = "; ".join(f"'{each['field']}' {each['message']}".removeprefix("'' ") for each in wrong)
    reason = reason or reason_in(language(), problem.message)
    words = _when_forbidden() if code == "INSUFFICIENT_PERMISSIONS" else None
    wait_s = problem.headers.get("Retry-After", "60")
    message = say(words or code, reason=reason, wait_s=wait_s, request=request_id())
    body: dict[str, Any] = {"status": "error", "message": message, "error_code": code}
    return body | {"errors": wrong} if wrong else body


def _wrong_fields(problem: Problem) -> list[dict[str, str]]:
    spoken = language()
    return [{"field": name, "message": reason_in(spoken, reason)} for name, reason in problem.fields]


def _when_forbidden() -> str | None:
    if not has_request_context():
        return None
    words: str | None = getattr(current_app.view_functions.get(request.endpoint or ""), _FORBIDDEN, None)
    return words
