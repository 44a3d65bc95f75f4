"""The form of a refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from services.gateway.problem import Problem

AUTHENTICATION_REQUIRED = "Authentication required"


class WrongField(BaseModel):
    """One wrong field: where it was sent, and what was expected."""

    loc: list[str] = Field(examples=[["query", "limit"]])
    msg: str = Field(examples=["input should be less than or equal to 1000"])
    type: str = Field(examples=["value_error"])


class ErrorBody(BaseModel):
    """A request that was refused. For 422 `detail` lists all wrong fields, else it is a sentence."""

    detail: str | list[WrongField] = Field(examples=["Authentication required"])


SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]

REFUSALS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = dict.fromkeys(
    ("401", "403", "404", "409", "413", "422", "429", "500"), ErrorBody
)


def detail_of(problem: Problem) -> str | list[dict[str, Any]]:
    """What is said of a problem; never more about credentials than that they are needed."""
    if problem.status == 401:
        return AUTHENTICATION_REQUIRED
    if problem.status == 422 and problem.fields:
        return [_wrong(name, reason) for name, reason in problem.fields]
    return problem.message


def _wrong(name: str, reason: str) -> dict[str, Any]:
    # Nothing takes a body, so what is not part of the address stands in the query.
    place = "path" if name == "event_id" else "query"
    return {"loc": [place, name], "msg": reason, "type": "missing" if reason == "is required" else "value_error"}
