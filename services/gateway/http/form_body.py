"""Reading forms with files from strangers."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Request
from pydantic import BeforeValidator, Field, WithJsonSchema

from services.gateway.http.whole_body import whole_body
from services.gateway.problem import Problem, Refusal, invalid, refused_body

MAX_UPLOAD_BYTES = 8 * 1024 * 1024
"""The largest file a form may carry."""

# What a form says around its files.
_ENVELOPE_BYTES = 64 * 1024


def _a_file(value: object) -> object:
    if isinstance(value, bytes) and value:
        return value
    raise ValueError("must not be empty" if value == b"" else "must be a file")


Upload = Annotated[
    bytes,
    BeforeValidator(_a_file),
    Field(min_length=1, max_length=MAX_UPLOAD_BYTES),
    WithJsonSchema({"type": "string", "format": "binary", "minLength": 1}),
]
"""A file of a form, as its bytes. What the client calls the file is not looked at."""


def is_form(request: Request) -> bool:
    """Whether the request brings a form that may hold files."""
    return request.mimetype == "multipart/form-data"


def form_values(request: Request) -> dict[str, Any]:
    """Texts and files by name; of several of one name, the first. Raises `Refusal` (400, 413, 415)."""
    if not is_form(request):
        raise refused_body(
            "The body must be a form (Content-Type: multipart/form-data)", status=415, code="unsupported_media_type"
        )
    # Read whole before it is taken apart, so that an order sent twice can be recognised by its bytes.
    request.max_content_length = MAX_UPLOAD_BYTES + _ENVELOPE_BYTES
    whole_body(request)
    values: dict[str, Any] = request.form.to_dict(flat=True)
    wrong = [(name, "holds text that cannot be used") for name, text in values.items() if "\0" in name + text]
    if wrong:
        raise Refusal(invalid(wrong))
    for name, file in request.files.to_dict(flat=True).items():
        values[name] = file.read()
        if len(values[name]) > MAX_UPLOAD_BYTES:
            raise Refusal(Problem(413, "payload_too_large", "A file may have 8 MiB at most"))
    return values
