"""From an order to a finding: pictures from the media store, a look, results that JSON can hold."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from services.modules.bench import Bench
from services.modules.memory import MOST_BYTES as MOST_REMEMBERED
from services.modules.memory import Memory
from services.modules.specialist import Case, Finding, Picture
from shared.domain.box import Box
from shared.domain.errors import Permanent
from shared.media import MediaStore
from shared.modules.order import ModuleOrder, PictureRef, best_pictures
from shared.vision.pictures import open_picture

MAX_RESULTS_BYTES: Final = 2**20

# The eye tells of a presence before it writes the pictures, so that no alert waits for them.
_PATIENCE_S = 3.0
_LOOK_AGAIN_S = 0.05

_LOADED = 0.05
_EXAMINED = 0.95


def examine(
    order: ModuleOrder, *, bench: Bench, media: MediaStore, memory: Memory, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Carry out an order; `{"results", "recognised", "vectors"}`, JSON-able.

    Raises `Permanent` and `UserError` when it can never be done, `Transient` when it may be done later.
    """
    specialist = bench.take(order.module)
    chosen = best_pictures(order.pictures, specialist.manifest.max_pictures)
    patience_s = _PATIENCE_S if order.look else 0.0
    pictures = tuple(_picture(ref, media, patience_s=patience_s) for ref in chosen)
    progress(_LOADED)
    finding = specialist.examine(
        Case(
            pictures=pictures,
            scope=order.scope,
            at=order.at,
            camera=order.camera,
            account_id=order.account_id,
            label=order.label,
            track_id=order.track_id,
            presence_id=order.presence_id,
            options=order.options,
            remembered=memory.recall(order),
            progress=lambda share: progress(_LOADED + (_EXAMINED - _LOADED) * min(max(share, 0.0), 1.0)),
        )
    )
    progress(_EXAMINED)
    answer = checked(finding)
    if finding.remember is not None:
        memory.keep(order, finding.remember)
    return answer


def checked(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values. Raises `Permanent` when it holds anything else, or far too much."""
    answer = {
        "results": dict(finding.results),
        "recognised": [{"kind": one.kind, "data": dict(one.data)} for one in finding.recognised],
        "vectors": {name: list(vector) for name, vector in finding.vectors.items()},
    }
    try:
        text = json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Permanent(f"its results are not JSON ({error})") from None
    if len(text) > MAX_RESULTS_BYTES:
        raise Permanent(f"its results are larger than {MAX_RESULTS_BYTES} bytes")
    if finding.remember is not None and len(finding.remember) > MOST_REMEMBERED:
        raise Permanent(f"it wants to remember more than {MOST_REMEMBERED} bytes")
    return answer


def _picture(ref: PictureRef, media: MediaStore, *, patience_s: float) -> Picture:
    until = time.monotonic() + patience_s
    while (content := _content(ref, media)) is None:
        if time.monotonic() >= until:
            raise Permanent(f"the picture {ref.path} is not in the media store")
        time.sleep(_LOOK_AGAIN_S)
    return Picture(open_picture(content), at=ref.at, subject=Box(*ref.box) if ref.box else None)


def _content(ref: PictureRef, media: MediaStore) -> bytes | None:
    try:
        return media.read(ref.path)
    except FileNotFoundError:
        return None
