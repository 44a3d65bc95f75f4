"""`lpr` on real photos: the one plate of each, and nothing else in its place.

The floors lie a little under what is reached (services/modules/specialists/lpr/README.md has the figures).
"""

from __future__ import annotations

import shutil

import pytest

from tests.accuracy.plates import CHINESE, MODELS, PHOTOS, chinese, open_lpr, photos, tally

# Part → countries set → found at least, wrong among the reads at most.
FLOORS = {
    ("eu", ()): (0.92, 0.05),
    ("us", ()): (0.80, 0.05),
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
    result = tally(lpr, photos(part))
    lpr.close()
    found, wrong = FLOORS[part, countries]
    assert result.recall >= found, result.missed
    assert result.wrong_share <= wrong, result.missed


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
