"""Which face of a photo is the person's, and which photos are refused."""

from __future__ import annotations

from collections.abc import Sequence

from services.cli.face_reading import FoundFace
from shared.domain.errors import UserError

LEAST_QUALITY = 0.4
"""Below, a face tells people apart too badly to be what others are compared with."""


def chosen(faces: Sequence[FoundFace], photo: str, *, largest: bool) -> FoundFace:
    """The face to enrol. Raises `UserError`, naming the photo, when there is none that should be."""
    if not faces:
        raise UserError(photo, "shows no face", remedy="take one that shows the whole face from the front, well lit")
    if len(faces) > 1 and not largest:
        raise UserError(
            photo, f"shows {len(faces)} faces", remedy="cut out the right one, or take the largest with --largest"
        )
    face = max(faces, key=lambda one: one.area)
    if face.complaints or face.quality < LEAST_QUALITY:
        what = " and ".join(face.complaints) or "shows too little"
        remedy = "take a sharp one from the front, well lit, the face 100 pixels wide or more"
        raise UserError(photo, f"its face {what} (quality {face.quality:.2f} of 1)", remedy=remedy)
    return face
