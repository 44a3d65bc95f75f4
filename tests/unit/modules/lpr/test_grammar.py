"""What is a plate, how it is written, and what may be corrected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.lpr.grammar import Expected, best_fit
from services.modules.specialists.lpr.reading import Glyph, Reading, certain

PLATES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=10)


def fit(text, *countries, hints=frozenset()):
    return best_fit(certain(text), Expected(countries, hints))


@pytest.mark.parametrize(
    ("read", "countries", "written", "region"),
    [
        ("AB123CD", ("FR",), "AB-123-CD", "EU-FR"),
        ("AB-123-CD", (), "AB-123-CD", "EU-FR"),
        ("AB1234", ("BJ",), "AB 1234", "BJ"),
        ("AB 1234 RB", (), "AB 1234 RB", "BJ"),
        ("M-AB 1234", ("DE",), "M-AB 1234", "EU-DE"),
        ("AB 123CD", ("IT",), "AB 123CD", "EU-IT"),
        ("1234BCD", ("ES",), "1234 BCD", "EU-ES"),
        ("12-BCD-3", ("NL",), "12-BCD-3", "EU-NL"),
        ("1-ABC-234", ("BE",), "1-ABC-234", "EU-BE"),
        ("WA 12345", ("PL",), "WA 12345", "EU-PL"),
        ("AB12CDE", ("GB",), "AB12 CDE", "GB"),
        ("ZH123456", ("CH",), "ZH 123456", "CH"),
        ("RK-340AO", (), "RK-340AO", "EU-SK"),
        ("1B19839", ("CZ",), "1B1 9839", "EU-CZ"),
        ("JSQ1234", ("BR",), "JSQ-1234", "BR"),
        ("BRA2E19", ("BR",), "BRA2E19", "BR"),
        ("A123BC77", ("RU",), "A123BC 77", "RU"),
        ("ABC1234", ("TW",), "ABC-1234", "TW"),
        ("7ABC123", ("US",), "7ABC123", "US-CA"),
        ("HB8X9J", ("US",), "HB8 X9J", "US"),
        ("皖A05279", (), "皖A·05279", "CN"),
        ("京AD12345", (), "京A·D12345", "CN"),
    ],
)
def test_plates_are_known_and_written_as_their_country_does(read, countries, written, region):
    found = fit(read, *countries)
    assert (found.written, found.region) == (written, region)
    assert found.corrections == ()


@pytest.mark.parametrize(
    ("read", "countries", "text"),
    [
        ("RKO26AJ", ("SK",), "RK026AJ"),
        ("AB-I23-CD", ("FR",), "AB123CD"),
        ("JSQ12B4", ("BR",), "JSQ1284"),
        ("A8-123-CD", ("FR",), "AB123CD"),
        ("PAB1234", ("DE",), "PAB1234"),
    ],
)
def test_a_character_is_corrected_where_its_kind_is_known(read, countries, text):
    assert fit(read, *countries).text == text


def test_corrections_are_told_and_cost_confidence():
    right, corrected = fit("RK026AJ", "SK"), fit("RKO26AJ", "SK")
    assert [(one.place, one.read, one.meant) for one in corrected.corrections] == [(2, "O", "0")]
    assert corrected.confidence < right.confidence
    assert corrected.score < right.score


def test_what_was_read_as_a_letter_and_as_its_twin_speaks_for_one_character():
    half = Glyph({"O": 0.5, "0": 0.49})
    glyphs = certain("JOG9221").glyphs
    found = best_fit(Reading((glyphs[0], half, *glyphs[2:])), Expected(("BR",)))
    assert (found.text, found.corrections) == ("JOG9221", ())
    assert found.confidence > 0.93


@pytest.mark.parametrize(
    ("chances", "text", "least", "most"),
    [
        ({"O": 0.62, "D": 0.36}, "RDN464", 0.7, 0.9),
        ({"O": 0.9, "D": 0.05}, "RON464", 0.85, 1.0),
        ({"D": 0.95, "O": 0.04}, "RDN464", 0.95, 1.0),
    ],
)
def test_of_letters_that_look_alike_the_one_plates_have_more_often_is_preferred(chances, text, least, most):
    glyphs = certain("RON464").glyphs
    found = best_fit(Reading((glyphs[0], Glyph(chances), *glyphs[2:])))
    assert found.text == text
    assert least < found.confidence < most


def test_what_needs_more_than_two_corrections_is_no_plate():
    assert fit("RKOO6A1J", "SK") is None or fit("RKOO6A1J", "SK").text == "RKOO6A1J"
    assert best_fit(certain("OIS")) is None


def test_letters_only_and_digits_only_are_plates_only_where_people_choose_them():
    assert fit("TOYOTA") is None
    assert fit("1049338") is None
    assert best_fit(certain("FZRULZ"), Expected(personal=True)).text == "FZRULZ"
    assert best_fit(certain("1049338"), Expected(personal=True)).text == "1049338"


def test_the_countries_expected_decide_between_shapes_that_look_alike():
    assert fit("ABC1234", "US").region == "US"
    assert fit("ABC1234", "BR").region == "BR"
    assert fit("ABC1234", hints=frozenset({"US"})).region == "US"


def test_what_has_no_known_shape_is_trusted_only_where_it_is_expected():
    assert fit("91A4ZA").confidence < 0.75
    assert fit("91A4ZA", "US").confidence > 0.9


def test_a_plate_without_a_shape_is_little_sure_when_a_country_s_was_read_too():
    first, last = certain("91").glyphs, certain("4ZA").glyphs
    found = [
        best_fit(Reading((*first, Glyph(chances), *last)), Expected(on_panel=True))
        for chances in ({"A": 0.97}, {"A": 0.8, "3": 0.15})
    ]
    assert [(one.text, one.generic) for one in found] == [("91A4ZA", True)] * 2
    assert found[0].confidence > 0.9
    assert found[1].confidence < 0.6


def test_a_word_with_a_digit_is_no_plate():
    assert best_fit(certain("1CAVTION"), Expected(on_panel=True)) is None


def test_a_place_that_may_be_nothing_is_dropped_and_told():
    emblem = Glyph({"E": 0.31, "B": 0.2}, absent=0.32)
    plate = certain("RK485AF").glyphs
    found = best_fit(Reading((emblem, *plate), "BRK-485AF"), Expected(("SK",)))
    assert (found.text, found.dropped) == ("RK485AF", (0,))
    assert found.confidence < 0.95


def test_a_place_where_a_stroke_stands_is_not_dropped_because_it_may_be_an_i_or_a_1():
    stroke = Glyph({"1": 0.44, "I": 0.19, "T": 0.02}, absent=0.35)
    found = best_fit(Reading((*certain("RK708A").glyphs, stroke), "RK-708A1"))
    assert (found.text, found.dropped) == ("RK708AI", ())


def test_a_province_that_is_hard_to_tell_is_not_dropped():
    province = Glyph({"皖": 0.4, "川": 0.3, "苏": 0.15}, absent=0.1)
    found = best_fit(Reading((province, *certain("A33673").glyphs), "A33673"))
    assert (found.text, found.region) == ("皖A33673", "CN")


def test_a_clear_character_is_never_dropped():
    found = best_fit(certain("BRK485AF"), Expected(("SK",)))
    assert found is None or found.text == "BRK485AF"


@given(PLATES)
def test_correcting_never_changes_the_length(text):
    reading = certain(text)
    found = best_fit(reading)
    assert found is None or len(found.text) == len(reading.glyphs)


@given(PLATES)
def test_correcting_twice_is_correcting_once(text):
    once = best_fit(certain(text))
    if once is not None:
        again = best_fit(certain(once.text), Expected(hints=frozenset({once.region})))
        assert again is not None
        assert again.text == once.text


@given(PLATES)
def test_only_characters_that_are_taken_for_one_another_are_exchanged(text):
    reading = certain(text)
    found = best_fit(reading)
    if found is not None:
        changed = {place for place, (a, b) in enumerate(zip(reading.text, found.text, strict=True)) if a != b}
        assert changed == {one.place for one in found.corrections}
