"""The form of an answer: `{status, message, data, …}`."""

from __future__ import annotations

from typing import Any

from services.gateway.dialects.visionflow.words import say
from services.gateway.http.answers import Answer


def success(data: Any = None, *, words: str | None = None, status: int = 200, **more: Any) -> Answer:
    """`{"status": "success"}` with the text of `words` as `message`, `data`, and what else is named, in that order."""
    body: dict[str, Any] = {"status": "success"}
    if words is not None:
        body["message"] = say(words)
    if data is not None:
        body["data"] = data
    return Answer(body | more, status=status)
