"""The form of a refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """A request that was refused. `message` names every wrong field."""

    error: str = Field(examples=["invalid_request"])
    message: str = Field(examples=["Field 'camera_id' is required"])
    timestamp: str = Field(examples=["2025-01-15T10:30:00Z"])


SECURITY: list[dict[str, list[str]]] = [{"api_key": []}, {"basic": []}]

REFUSALS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    "400": ErrorBody,
    "401": ErrorBody,
    "403": ErrorBody,
    "404": ErrorBody,
    "409": ErrorBody,
    "413": ErrorBody,
    "415": ErrorBody,
    "429": ErrorBody,
    "500": ErrorBody,
    "503": ErrorBody,
}
