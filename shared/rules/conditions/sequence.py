"""The condition that several things happen one after the other, on several cameras."""

from __future__ import annotations

from typing import Literal

from shared.rules.steps import InSteps


class SequenceCondition(InSteps):
    """Every one of `steps` happens, each later than the one before, all of them within `within_s` seconds.

    What counts is when somebody last did what a step asks, and of the last step when that began. It may be one person
    or several. The rule fires for the one who completes the last step, on the last step's camera.
    """

    kind: Literal["sequence"] = "sequence"
