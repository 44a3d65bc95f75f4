"""What the brain is told of a look of Argus' own. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.messages.findings import FindingMade, SeenPicture
from shared.modules.order import ModuleOrder

MOST_BYTES: Final = 65_536

_MOST_ITEMS: Final = 64
_LONGEST_TEXT: Final = 1_000


def finding_made(order: ModuleOrder, results: Mapping[str, Any]) -> FindingMade | None:
    """The message; None for what somebody asked for by hand: whoever looks into the past wants no alert of it."""
    if order.look == 0 or order.camera is None:
        return None
    return FindingMade(
        trace_id=order.trace_id,
        job_id=order.job_id,
        module=order.module,
        camera=order.camera,
        account_id=order.account_id,
        scope=order.scope,
        look=order.look,
        at=order.at,
        presence=order.presence,
        results=compact(results),
        pictures=tuple(SeenPicture(path=picture.path, at=picture.at) for picture in order.pictures),
    )


def compact(results: Mapping[str, Any], *, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The results in at most so many bytes of JSON: long lists and texts are cut, then the largest keys left out."""
    kept = {key: _cut(value) for key, value in results.items()}
    sizes = {key: len(json.dumps(value)) + len(key) + 8 for key, value in kept.items()}
    while sum(sizes.values()) > most_bytes:
        largest = max(sizes, key=sizes.__getitem__)
        del kept[largest], sizes[largest]
    return kept


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, list | tuple):
        return [_cut(one) for one in value[:_MOST_ITEMS]]
    if isinstance(value, Mapping):
        return {str(key): _cut(one) for key, one in list(value.items())[:_MOST_ITEMS]}
    return value
