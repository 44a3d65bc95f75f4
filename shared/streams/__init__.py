"""Redis Streams as Argus uses them: publish, at-least-once consume with reclaim, dead letters, bounds."""

from shared.streams.connect import connect
from shared.streams.consume import consume
from shared.streams.publisher import Publisher
from shared.streams.reader import GroupReader, Received
from shared.streams.replies import Replies, reply_key
from shared.streams.tail import CommandTail
from shared.streams.waiting import waiting_s

__all__ = [
    "CommandTail",
    "GroupReader",
    "Publisher",
    "Received",
    "Replies",
    "connect",
    "consume",
    "reply_key",
    "waiting_s",
]
