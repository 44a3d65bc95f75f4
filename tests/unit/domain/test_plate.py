from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.plate import compact_plate

# What stands on plates: Latin, Cyrillic and Chinese characters, kana, digits, and what separates them.
PLATES = "ABCDEFGHJKLMNPRSTUVWXYZabcxyzÄÖÜАВЕКМНОРСТУХавекмн京沪粤学警あさ0123456789０１２ＡＢ -·.•/"


@pytest.mark.parametrize(
    ("text", "compact"),
    [
        ("AB-123-CD", "AB123CD"),
        (" ab 123 cd ", "AB123CD"),
        ("京A·12345", "京A12345"),
        ("а123вс 77", "А123ВС77"),
        ("ＡＢ１２", "AB12"),
        ("品川 330 あ 12-34", "品川330あ1234"),
        ("M-ÜX 7", "MÜX7"),
        ("M-U\u0308X 7", "MÜX7"),
        ("١٢٣ ا ب", "123اب"),
        ("②³", "23"),
        ("\u1100-\u1161", "\uac00"),  # two letters that are one when they stand together
        ("", ""),
        (" -·\0\n", ""),
        ("'; DROP TABLE plates;--", "DROPTABLEPLATES"),
    ],
)
def test_a_plate_is_compared_by_its_letters_and_digits(text: str, compact: str) -> None:
    assert compact_plate(text) == compact


@given(st.text())
def test_compacting_again_changes_nothing(text: str) -> None:
    compact = compact_plate(text)
    assert compact_plate(compact) == compact


@given(st.text())
def test_only_letters_and_digits_are_left(text: str) -> None:
    assert {unicodedata.category(char) for char in compact_plate(text)} <= {"Lu", "Ll", "Lt", "Lo", "Nd"}


@given(st.text(), st.text())
def test_how_letters_are_written_makes_no_difference(text: str, other: str) -> None:
    for form in ("NFC", "NFD", "NFKD"):
        assert compact_plate(unicodedata.normalize(form, text)) == compact_plate(text)


@given(st.text(alphabet=PLATES), st.text(alphabet=" -·./"))
def test_what_stands_on_plates_grows_never_and_separators_do_not_count(text: str, separators: str) -> None:
    compact = compact_plate(text)
    assert len(compact) <= len(text)
    assert compact == compact.upper()
    assert compact_plate(separators.join(text)) == compact_plate(text.lower()) == compact
