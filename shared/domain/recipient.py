"""Whom people may be, as far as telling them goes: what they can ask to be told of, and what they can answer."""

from __future__ import annotations

from typing import Final, Literal, get_args

NotificationType = Literal["alerts", "system_status", "daily_reports"]
"""`alerts`: what rules found worth telling; `system_status`: cameras and services that fail or come back."""

NOTIFICATION_TYPES: Final[tuple[str, ...]] = get_args(NotificationType)

Language = Literal["en", "fr", "ru", "zh-TW"]

LANGUAGES: Final[tuple[str, ...]] = get_args(Language)

Press = Literal["confirm", "false_alarm", "mute", "acknowledge"]
"""What a recipient can answer to an alert, by button or link. `mute`: tell me nothing more for an hour."""

VERIFICATION: Final = "verification"
"""The label of a notice that asks whoever reads a mailbox whether it is theirs."""

PRESSES: Final[tuple[str, ...]] = get_args(Press)
