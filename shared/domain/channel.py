"""The names of channels: how people can be told of an event."""

from __future__ import annotations

from typing import Final, Literal, get_args

ChannelName = Literal["telegram", "email", "line", "webhook", "mqtt", "physical"]
"""`physical` is devices, such as sirens. Which channels an installation uses is a setting."""

CHANNELS: Final[tuple[str, ...]] = get_args(ChannelName)

WITHOUT_DIGESTS: Final = frozenset({"physical"})
"""What these may not do at once is nothing to them later: no siren sounds for what was held back."""
