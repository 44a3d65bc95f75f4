"""That a rule would have fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.presence import Presence


@dataclass(frozen=True, slots=True)
class Firing:
    """That the rule would have fired at `at`, for `presence` (None: for nobody's being there).

    `cooling`: it would have been silent, because it had fired before. `known_false`: it would have been silent, because
    people had marked the like as false alarms.
    """

    at: datetime
    presence: Presence | None
    cooling: bool = False
    known_false: bool = False
