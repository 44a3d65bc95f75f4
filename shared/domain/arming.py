"""How much an account wants to be told of: the states that it can be armed in."""

from __future__ import annotations

from typing import Final, Literal, get_args

ArmState = Literal["home", "away", "night", "disarmed"]

ARM_STATES: Final[tuple[ArmState, ...]] = get_args(ArmState)

USUAL_ARM_STATE: Final[ArmState] = "away"
"""The state of an account that never chose one, and of what belongs to no account."""
