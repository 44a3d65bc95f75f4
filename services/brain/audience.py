"""Who is to hear of an event, as its rules say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody whom these channels reach, and these recipients (ids); everybody there is where none is named."""

    channels: tuple[str, ...] = ()
    recipients: tuple[int, ...] = ()

    @property
    def is_everybody(self) -> bool:
        return not self.channels and not self.recipients

    def widens(self, known: Audience) -> bool:
        """Whether telling it reaches anybody that telling `known` did not."""
        if known.is_everybody:
            return False
        return self.is_everybody or not (
            set(self.channels) <= set(known.channels) and set(self.recipients) <= set(known.recipients)
        )


def audience_of(rules: Iterable[Rule]) -> Audience:
    """All whom these rules want told together."""
    wanted = [Audience(rule.channels, rule.recipients) for rule in rules]
    if any(each.is_everybody for each in wanted):
        return Audience()
    return Audience(
        channels=tuple(dict.fromkeys(name for each in wanted for name in each.channels)),
        recipients=tuple(dict.fromkeys(number for each in wanted for number in each.recipients)),
    )
