"""Whether a condition is written just now, or is a stored one that is read again. Pure.

What can be read and never hold is refused when it is written. Once stored it must load: a rule that never fires harms
nobody, and a brain that does not start because of it harms all.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationInfo

_MARK = "new"


def marked(*, new: bool) -> dict[str, Any]:
    """What the context of a validation holds for `is_new` to tell."""
    return {_MARK: new}


def is_new(info: ValidationInfo) -> bool:
    """Whether what is validated is written just now."""
    return bool((info.context or {}).get(_MARK))
