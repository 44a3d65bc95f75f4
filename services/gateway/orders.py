"""Orders to the services."""

from __future__ import annotations

from services.gateway.soft_redis import SoftRedis
from shared.messages.message import Message
from shared.messages.topics import COMMANDS
from shared.streams import Publisher


def send_order(redis: SoftRedis, message: Message) -> None:
    """Tell the services. Without Redis nothing is lost: they look again periodically."""
    redis.attempt(
        lambda open_redis: Publisher(open_redis).publish(COMMANDS, message), otherwise=None, purpose="commands"
    )
