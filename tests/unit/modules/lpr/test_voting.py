"""What several readings of a plate say together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.lpr.reading import Glyph, Reading, certain
from services.modules.specialists.lpr.voting import Vote, consensus, similarity

TEXTS = st.text("AB018", min_size=1, max_size=8)
VOTES = st.lists(
    st.builds(lambda text, weight: Vote(certain(text, chance=0.9), weight), TEXTS, st.sampled_from([0.25, 0.5, 1.0])),
    min_size=1,
    max_size=5,
)


def said(*readings):
    return consensus(Vote(certain(text, chance=0.9), weight) for text, weight in readings).text


def test_each_place_is_what_most_of_the_weight_says():
    assert said(("AB123CD", 1), ("A8123CD", 1), ("AB123C0", 1)) == "AB123CD"
    assert said(("AB123CD", 0.2), ("A8123CD", 1)) == "A8123CD"


def test_a_character_that_one_frame_missed_is_there():
    assert said(("AB123CD", 1), ("AB23CD", 1), ("AB123CD", 1)) == "AB123CD"


def test_a_character_that_one_frame_made_up_is_not():
    assert said(("AB123CD", 1), ("IAB123CD", 1), ("AB123CD", 1)) == "AB123CD"


def test_nothing_read_is_nothing_said():
    assert consensus([]).glyphs == ()
    assert consensus([Vote(Reading(()), 1.0)]).glyphs == ()


def test_doubt_stays_where_frames_differ():
    merged = consensus([Vote(certain("4GLS168"), 1.0), Vote(certain("LGLS168"), 1.0)])
    assert merged.glyphs[0].chance == 0.5
    assert all(glyph.chance == 1.0 for glyph in merged.glyphs[1:])


def test_alike_is_measured_place_by_place():
    assert similarity(certain("AB123CD"), certain("AB123CD")) == 1.0
    assert similarity(certain("AB123CD"), certain("XY987ZW")) == 0.0
    assert similarity(certain("AB123CD"), certain("B123CD")) == 6 / 7


@given(VOTES, st.randoms(use_true_random=False))
def test_the_order_of_votes_is_all_the_same(votes, random):
    shuffled = votes[:]
    random.shuffle(shuffled)
    assert consensus(votes) == consensus(shuffled)


@given(TEXTS)
def test_readings_that_agree_are_kept_as_they_are(text):
    assert consensus([Vote(certain(text), 0.5), Vote(certain(text), 0.5)]).text == text


@given(VOTES)
def test_chances_stay_chances(votes):
    for glyph in consensus(votes).glyphs:
        assert isinstance(glyph, Glyph)
        assert 0 <= glyph.absent <= 1
        assert sum(glyph.chances.values()) <= 1 + 1e-9
