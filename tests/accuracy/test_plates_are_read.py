"""`lpr` on real photos: the one plate of each, and nothing else in its place.

The floors lie a little under what is reached (services/modules/specialists/lpr/README.md has the figures).
"""

from __future__ import annotations

import shutil

import pytest

from tests.accuracy.plates import (
    CHINESE,
    MODELS,
    PHOTOS,
    chinese,
    left_aside,
    open_lpr,
    photos,
    plateless,
    plates_on,
    tally,
)

# Part → countries set → found at least, wrong among the reads at most.
# One Brazilian photo's note differs from its plate, which is one read of sixteen.
FLOORS = {
    ("eu", ()): (0.96, 0.02),
    ("us", ()): (0.84, 0.04),
    ("br", ()): (0.90, 0.08),
    ("us", ("US",)): (0.80, 0.05),
    ("br", ("BR",)): (0.90, 0.08),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "countries"), FLOORS, ids=lambda value: value if isinstance(value, str) else "-".join(value) or "anywhere"
)
def test_the_plate_on_a_photo_is_read(tmp_path, part, countries):
    if not PHOTOS.is_dir():
        pytest.skip(f"the photos {PHOTOS} are not here")
    lpr = open_lpr(tmp_path, countries=list(countries))
    aside = tally(lpr, [photo for photo in photos(part) if left_aside(photo)])
    tuned = tally(lpr, [photo for photo in photos(part) if not left_aside(photo)])
    lpr.close()
    found, wrong = FLOORS[part, countries]
    missed = aside.missed + tuned.missed
    assert aside.recall >= found, aside.missed
    assert (aside.found + tuned.found) / (aside.pictures + tuned.pictures) >= found, missed
    assert (aside.wrong + tuned.wrong) / (aside.reads + tuned.reads) <= wrong, missed


@pytest.mark.slow
@pytest.mark.parametrize("countries", [("CN",), ()], ids=["China", "anywhere"])
def test_chinese_plates_are_read_with_their_own_weights(tmp_path, countries):
    weights = MODELS / "lprnet_chinese_converted.onnx"
    if not (CHINESE.is_dir() and weights.is_file()):
        pytest.skip(f"the crops {CHINESE} or the weights {weights} are not here")
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(weights, folder)
    lpr = open_lpr(tmp_path, weights=folder, countries=list(countries))
    result = tally(lpr, chinese(), scope="object")
    lpr.close()
    assert result.recall >= 0.92, result.missed
    assert result.wrong_share <= 0.03, result.missed


@pytest.mark.slow
def test_photos_without_plates_have_none(tmp_path):
    pictures = plateless()
    if not pictures:
        pytest.skip("the photos of other things are not here")
    lpr = open_lpr(tmp_path)
    told = {file.name: plates for file in pictures if (plates := plates_on(lpr, file))}
    lpr.close()
    assert told == {}
