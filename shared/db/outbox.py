"""Messages that leave once the transaction that wrote them is committed."""

from __future__ import annotations

from datetime import datetime

from shared.db.tables import OutboxRow
from shared.domain.errors import InvalidMessage
from shared.messages.message import Message, known_messages
from shared.messages.topics import Topic


def outbox_row(topic: Topic, message: Message, *, now: datetime) -> OutboxRow:
    """The row that stands for a message until the relay has published it."""
    return OutboxRow(topic=topic.name, kind=type(message).__name__, body=message.model_dump_json(), created_at=now)


def message_of(row: OutboxRow) -> Message:
    """The message in a row. Raises `InvalidMessage` when this version does not know it."""
    kind = known_messages().get(row.kind)
    if kind is None:
        raise InvalidMessage(f"outbox row {row.id} holds an unknown message {row.kind!r}")
    try:
        return kind.model_validate_json(row.body)
    except ValueError as error:
        raise InvalidMessage(f"outbox row {row.id} cannot be read: {str(error).splitlines()[0]}") from error
