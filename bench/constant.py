"""The reference of rows about the API: a WSGI application that answers everything with the same JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

SIZE_VARIABLE = "BENCH_CONSTANT_BYTES"

_BODY = json.dumps({"text": "x" * (int(os.environ.get(SIZE_VARIABLE, "1024")) - len('{"text": ""}'))}).encode()
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY)))]


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Always 200."""
    start_response("200 OK", _HEADERS)
    return [_BODY]
