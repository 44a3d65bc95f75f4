"""Which photos are taken for enrolment, and which are refused with what reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.cli.enrolling import chosen
from services.cli.face_reading import FoundFace
from shared.domain.errors import UserError
from shared.people.faces import NewFace

_NEW = NewFace(b"", (0, 0, 1, 1), {}, 0.9, "r", b"")
GOOD = FoundFace((10, 10, 110, 130), 0.9, (), None, _NEW)
SMALL = replace(GOOD, bbox=(200, 10, 240, 60))


def test_the_only_face_is_taken() -> None:
    assert chosen([GOOD], "ada.jpg", largest=False) is GOOD


def test_of_several_the_largest_is_taken_on_demand_only() -> None:
    assert chosen([SMALL, GOOD], "ada.jpg", largest=True) is GOOD
    with pytest.raises(UserError, match=r"ada\.jpg: shows 2 faces – .*--largest"):
        chosen([SMALL, GOOD], "ada.jpg", largest=False)


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], "shows no face"),
        ([replace(GOOD, quality=0.2)], "its face shows too little .quality 0.20 of 1."),
        ([replace(GOOD, complaints=("is blurred", "looks away"))], "its face is blurred and looks away"),
    ],
)
def test_a_photo_that_tells_too_little_is_refused(faces: list[FoundFace], reason: str) -> None:
    with pytest.raises(UserError, match=reason) as refused:
        chosen(faces, "ada.jpg", largest=True)
    assert refused.value.remedy
