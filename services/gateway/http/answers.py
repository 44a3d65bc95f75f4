"""From what an endpoint returns to an HTTP response."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response


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
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_without_nan(body), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
