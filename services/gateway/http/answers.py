"""From what an endpoint returns to an HTTP response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from pydantic_core import PydanticSerializationError, to_json


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer that is not a plain 200. A `body` of None sends none."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def response_of(result: Any) -> Response:
    """A response for a `Response`, an `Answer`, or anything that JSON can hold."""
    if isinstance(result, Response):
        return result
    answer = result if isinstance(result, Answer) else Answer(result)
    if answer.body is None:
        return Response(status=answer.status, headers=dict(answer.headers))
    return Response(
        encoded(answer.body), status=answer.status, headers=dict(answer.headers), content_type="application/json"
    )


def encoded(body: Any) -> bytes:
    """JSON in UTF-8. A number that JSON cannot hold becomes null: one such in stored results spoils no answer."""
    try:
        return to_json(body, inf_nan_mode="null")
    except PydanticSerializationError:
        # Text with half a character: no UTF-8 holds it.
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
        return to_json(json.loads(text), inf_nan_mode="null")
