"""What a later look at the same presence changes of what an earlier one found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.module import THINGS
from shared.modules.notes import is_note
from shared.modules.order import ModuleOrder, look_id

_LOOKS: Final = (1, 2)


def replaces(order: ModuleOrder, results: Mapping[str, Any], kept: object) -> bool:
    """Whether the results are to stand where `kept` stands.

    What somebody asked for always does. Argus' last look saw all the pictures, so it does unless it found nothing where
    the first one found something; a first look that ends after the last one only fills what that left empty.
    """
    if not isinstance(kept, Mapping) or is_note(kept) or order.look == 0:
        return True
    if order.look == 1:
        return is_empty(kept, order.module)
    return is_empty(kept, order.module) or not is_empty(results, order.module)


def other_looks(order: ModuleOrder) -> frozenset[str]:
    """The ids of Argus' other looks at the same presence with the same specialist."""
    if order.look == 0 or order.presence_id is None:
        return frozenset()
    return frozenset(look_id(order.presence_id, order.module, look) for look in _LOOKS if look != order.look)


def is_empty(results: Mapping[str, Any], module: str = "") -> bool:
    """Whether nothing was found: where the module lists things there are none, else nothing is said at all."""
    things = results.get(THINGS.get(module, ""))
    if isinstance(things, list):
        return not things and results.get("help_signal") is not True
    lists = [value for value in results.values() if isinstance(value, list)]
    return not any(lists) if lists else not any(results.values())
