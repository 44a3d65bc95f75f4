"""The base of every message, and its form on a Redis stream.

Writers are strict (a message is validated when it is made), readers tolerant (unknown fields are ignored).
On the stream a message is a flat hash: `type`, `version`, `body` (JSON) and, for frames, `jpeg` (bytes).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, ValidationError

from shared.domain.errors import InvalidMessage


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(lambda at: at.isoformat(timespec="microseconds"), when_used="json"),
]

_REGISTRY: dict[str, type[Message]] = {}


class Message(BaseModel):
    """A fact (`FrameCaptured`) or an order (`SyncCamera`).

    `ABSTRACT = True` in the body of a class makes it a base that never travels itself.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    VERSION: ClassVar[int] = 1
    BINARY: ClassVar[frozenset[str]] = frozenset()
    ABSTRACT: ClassVar[bool] = False

    trace_id: str = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        if cls.__dict__.get("ABSTRACT"):
            return
        if any(cls.model_fields[name].is_required() for name in cls.BINARY):
            raise TypeError(f"{cls.__name__}: a binary field travels beside the body and needs a default")
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
        raise InvalidMessage(f"unknown message type {name[:64]!r}")
    version = fields.get(b"version", b"")
    if version != str(kind.VERSION).encode():
        raise InvalidMessage(f"{name} has version {version[:16]!r}, this reader knows {kind.VERSION}")
    missing = sorted(field for field in kind.BINARY if field.encode() not in fields)
    if missing:
        raise InvalidMessage(f"{name} lacks {', '.join(missing)}")
    try:
        message = kind.model_validate_json(fields.get(b"body", b""))
    except ValueError as error:
        raise InvalidMessage(f"{name} cannot be read: {_reason(error)}") from error
    return message.model_copy(update={field: fields[field.encode()] for field in kind.BINARY})


def known_messages() -> Mapping[str, type[Message]]:
    """Every registered message by its name."""
    return dict(_REGISTRY)


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])} {first['msg']}".strip()
    return " ".join(str(error).split())[:200]
