"""Reaching out to addresses that people typed in, without becoming a way into the operator's own network."""

from shared.net.guard import time_left_s, within
from shared.net.poster import Poster, Reply
from shared.net.target import Target, parse_target

__all__ = ["Poster", "Reply", "Target", "parse_target", "time_left_s", "within"]
