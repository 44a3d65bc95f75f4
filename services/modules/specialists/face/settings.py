"""The settings of `face`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.settings.section import Section

Name = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]


class FaceSettings(Section):
    """The `detector` "auto" is YuNet where its weights were pulled, else dlib's.

    `recogniser` names weights of the registry; empty: SFace where it was pulled, else "dlib". A face belongs
    to the person it is most similar to, from `threshold` on (empty: the recogniser's own) and when every other
    person is less similar by `margin`. Faces narrower than `min_width_px` or of less quality than `min_quality` are
    told and not named; at most `most_faces` of a picture are looked at, the largest. `turned` looks for faces on
    their side or upside down where none stands upright. `mirrored` reads each face a second time in the mirror,
    which takes twice as long and confuses fewer people.
    """

    detector: Literal["auto", "yunet", "dlib"] = "auto"
    recogniser: Name = ""
    threshold: float | None = Field(default=None, gt=0, le=1)
    margin: float | None = Field(default=None, ge=0, le=1)
    min_confidence: float = Field(default=0.7, gt=0, lt=1)
    min_width_px: int = Field(default=40, ge=8, le=1000)
    min_quality: float = Field(default=0.3, ge=0, le=1)
    most_faces: int = Field(default=16, ge=1, le=100)
    turned: bool = True
    mirrored: bool = True
