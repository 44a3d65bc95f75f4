"""The base of every message, and its form on a Redis stream.

Writers are strict (a message is validated when it is made), readers tolerant (unknown fields are ignored).
On the stream a message is a flat hash: `type`, `version`, `body` (JSON) and, for frames, `jpeg` (bytes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, ValidationError

from shared.domain.errors import InvalidMessage

UtcTime = Annotated[AwareDatetime, PlainSerializer(lambda at: at.isoformat(timespec="microseconds"), when_used="json")]

_REGISTRY: dict[str, type[Message]] = {}


class Message(BaseModel):
    """A fact (`FrameCaptured`) or an order (`SyncCamera`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    VERSION: ClassVar[int] = 1
    BINARY: ClassVar[frozenset[str]] = frozenset()

    trace_id: str = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        known = _REGISTRY.setdefault(cls.__name__, cls)
        if known is not cls:
            raise TypeError(f"two messages are called {cls.__name__}")

    @classmethod
    def example(cls) -> Self:
        """A complete, valid message, used by tests and documentation."""
        raise NotImplementedError


def encode(message: Message) -> dict[bytes, bytes]:
    """The stream fields of a message."""
    fields = {
        b"type": type(message).__name__.encode(),
        b"version": str(message.VERSION).encode(),
        b"body": message.model_dump_json(exclude=set(message.BINARY)).encode(),
    }
    for name in message.BINARY:
        fields[name.encode()] = getattr(message, name)
    return fields


def decode(fields: Mapping[bytes, bytes]) -> Message:
    """The message in stream fields. Raises `InvalidMessage` with the reason when there is none."""
    name = fields.get(b"type", b"").decode(errors="replace")
    kind = _REGISTRY.get(name)
    if kind is None:
        raise InvalidMessage(f"unknown message type {name!r}")
    if fields.get(b"version") != str(kind.VERSION).encode():
        raise InvalidMessage(f"{name} has version {fields.get(b'version')!r}, this reader knows {kind.VERSION}")
    try:
        if not kind.BINARY:
            return kind.model_validate_json(fields.get(b"body", b""))
        body = kind.model_validate_json(_with_binary(fields.get(b"body", b""), kind))
    except (ValidationError, ValueError) as error:
        raise InvalidMessage(f"{name} cannot be read: {_first_line(error)}") from error
    missing = [field for field in kind.BINARY if field.encode() not in fields]
    if missing:
        raise InvalidMessage(f"{name} lacks {', '.join(missing)}")
    return body.model_copy(update={field: fields[field.encode()] for field in kind.BINARY})


def known_messages() -> Mapping[str, type[Message]]:
    """Every registered message by its name."""
    return dict(_REGISTRY)


def _with_binary(body: bytes, kind: type[Message]) -> bytes:
    # Binary fields travel beside the JSON: give the validator empty ones to hold their place.
    filler = b"".join(b',"' + field.encode() + b'":""' for field in sorted(kind.BINARY))
    stripped = body.rstrip()
    if not stripped.endswith(b"}"):
        raise InvalidMessage("the body is not a JSON object")
    return stripped[:-1] + filler + b"}"


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])} {first['msg']}".strip()
    return str(error).splitlines()[0]
