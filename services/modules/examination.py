"""From an order to a finding: pictures from the media store, a look, results that JSON can hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from services.modules.bench import Bench
from services.modules.specialist import Case, Finding, Picture
from shared.domain.box import Box
from shared.domain.errors import Permanent
from shared.media import MediaStore
from shared.modules.order import ModuleOrder, PictureRef
from shared.vision.pictures import open_picture

MAX_RESULTS_BYTES: Final = 2**20

_LOADED = 0.05
_EXAMINED = 0.95


def examine(
    order: ModuleOrder, *, bench: Bench, media: MediaStore, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Carry out an order; `{"results", "recognised", "vectors"}`, JSON-able.

    Raises `Permanent` and `UserError` when it can never be done, `Transient` when it may be done later.
    """
    specialist = bench.take(order.module)
    chosen = order.pictures[-specialist.manifest.max_pictures :]
    pictures = tuple(_picture(ref, media) for ref in chosen)
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
            progress=lambda share: progress(_LOADED + (_EXAMINED - _LOADED) * min(max(share, 0.0), 1.0)),
        )
    )
    progress(_EXAMINED)
    return checked(finding)


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
    return answer


def _picture(ref: PictureRef, media: MediaStore) -> Picture:
    try:
        content = media.read(ref.path)
    except FileNotFoundError:
        raise Permanent(f"the picture {ref.path} is not in the media store") from None
    return Picture(open_picture(content), at=ref.at, subject=Box(*ref.box) if ref.box else None)
