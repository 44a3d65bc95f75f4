"""Reading JSON from strangers."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import Request

from services.gateway.http.whole_body import whole_body
from services.gateway.problem import refused_body

_MAX_DEPTH = 32
# Whole numbers up to here are the same as floating-point numbers.
_EXACT = 2.0**53


def json_object(request: Request, *, required: bool) -> bytes:
    """The body, once it is sure to be a JSON object without NaN, infinities, NUL or broken text.

    Whole numbers are written without a fraction, however they were sent. An empty body is `{}` where none is required.
    Raises `Refusal` (400, 413, 415).
    """
    raw = whole_body(request)
    if not raw and not required:
        return b"{}"
    if not request.is_json:
        raise refused_body(
            "The body must be JSON (Content-Type: application/json)", status=415, code="unsupported_media_type"
        )
    value = _parsed(raw)
    if not isinstance(value, dict):
        raise refused_body("The body must be a JSON object")
    _check(value)
    return json.dumps(value).encode()


def _parsed(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise refused_body("The body is not UTF-8") from None
    try:
        return json.loads(text, parse_constant=_no_constants, parse_float=_number)
    except RecursionError:
        raise refused_body("The body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise refused_body(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError as error:
        raise refused_body(f"The body holds a number that cannot be used: {error}") from None


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number(text: str) -> float | int:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it is too large")
    # JSON knows one kind of number: 3.0 is the whole number 3.
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _check(value: Any) -> None:
    """Walk without recursion: depth, and text that no database or log could hold."""
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > _MAX_DEPTH:
            raise refused_body("The body is nested too deeply")
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            stack += [(each, depth + 1) for each in (*item.keys(), *item.values())]
        elif isinstance(item, list):
            stack += [(each, depth + 1) for each in item]


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise refused_body("The body holds text with NUL or unpaired surrogates")
