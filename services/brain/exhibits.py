"""The pictures that a judge is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import ArgusError
from shared.media import MediaStore

# The eye tells of a presence before it has written all pictures, so that no alert waits for them.
PATIENCE_S: Final = 1.5
MOST_BYTES: Final = 8 * 1024 * 1024
"""A picture that is larger is not shown."""

_LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Exhibits:
    """JPEGs and where they lie, relative to the media store; the event's snapshot first."""

    pictures: tuple[bytes, ...] = ()
    paths: tuple[str, ...] = ()


def exhibits(
    media: MediaStore,
    snapshot: str | None,
    further: Sequence[str],
    *,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Exhibits:
    """What there is of the pictures; waits a moment for those that are not written yet.

    The further ones are waited for first: the snapshot gets its frame once they are written.
    """
    until = time.monotonic() + patience_s
    found: dict[str, bytes] = {}
    for path in dict.fromkeys([*further, *([snapshot] if snapshot else [])]):
        content = _read(media, path)
        while content is None and time.monotonic() < until:
            sleep(_LOOK_AGAIN_S)
            content = _read(media, path)
        if content and len(content) <= MOST_BYTES:
            found[path] = content
    order = [path for path in dict.fromkeys([*([snapshot] if snapshot else []), *further]) if path in found]
    return Exhibits(tuple(found[path] for path in order), tuple(order))


def _read(media: MediaStore, path: str) -> bytes | None:
    try:
        return media.read(path)
    except (FileNotFoundError, ArgusError):
        return None
