"""The errors of Argus, split by what the caller should do.

ArgusError
├── Transient        try again, after `retry_after_s` when it is given
├── Permanent        trying again cannot help
│   └── InvalidMessage   a message on a stream cannot be understood: dead-letter it
└── UserError        the operator can mend it: names the field, the reason and the remedy
    ├── InvalidInput     several fields are wrong at once
    ├── NotFound         the named thing does not exist, or is somebody else's
    └── Conflict         the named thing exists already, or its state forbids what was asked
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

USER_ERROR_STATUS: Final = 2
"""How a process ends after a `UserError`: starting it again cannot help, the operator must mend something."""


class ArgusError(Exception):
    """Base of every error that Argus raises on purpose."""


class Transient(ArgusError):
    """The same work may succeed later."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Permanent(ArgusError):
    """The same work will fail again."""


class InvalidMessage(Permanent):
    """A message that no reader can understand."""


class UserError(ArgusError):
    """Something only a person can mend; printed as one line, never with a traceback."""

    def __init__(self, field: str, reason: str, *, remedy: str = "") -> None:
        super().__init__(": ".join(part for part in (field, reason) if part) + (f" – {remedy}" if remedy else ""))
        self.field = field
        self.reason = reason
        self.remedy = remedy

    def inside(self, place: str) -> UserError:
        """The same, of something that stands at the place."""
        return UserError(".".join(filter(None, (place, self.field))), self.reason, remedy=self.remedy)


class InvalidInput(UserError):
    """Everything that is wrong with one request, each problem with its own field."""

    def __init__(self, problems: Sequence[UserError]) -> None:
        first = problems[0]
        super().__init__(first.field, first.reason, remedy=first.remedy)
        self.problems = tuple(problems)
        self.args = ("; ".join(str(problem) for problem in problems),)


class NotFound(UserError):
    """What was asked for does not exist, or is not the asker's to know of."""


class Conflict(UserError):
    """What was asked clashes with what is stored."""
