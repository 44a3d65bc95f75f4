"""Letters within the length that a provider takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.fitting import clean, cut, fitted, units
from services.alerts.letter import Letter

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"])) | st.text("🐝👩\u200d\u0301 🇫🇷a\n")


@given(text=ANY_TEXT)
def test_clean_text_can_be_encoded(text: str) -> None:
    assert clean(text).encode("utf-8").decode("utf-8") == clean(clean(text))


@given(text=ANY_TEXT.map(clean), most=st.integers(0, 60))
def test_what_is_cut_is_within_the_limit_and_a_beginning(text: str, most: int) -> None:
    short = cut(text, most)
    assert units(short) <= most
    assert short == text or text.startswith(short.removesuffix("…"))


@given(title=ANY_TEXT, lines=st.lists(ANY_TEXT, max_size=4), link=st.none() | ANY_TEXT, most=st.integers(0, 200))
def test_a_letter_is_within_the_limit_whatever_it_says(
    title: str, lines: list[str], link: str | None, most: int
) -> None:
    assert units(fitted(Letter(title, tuple(lines), link=link), most_units=most).text) <= most


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("short", 5, "short"),
        ("somebody at the door", 16, "somebody at the…"),
        ("somebody at the door", 14, "somebody at…"),
        ("unbrokenwordwithoutanyblank", 10, "unbrokenw…"),
        ("🐝🐝🐝", 6, "🐝🐝🐝"),
        ("🐝🐝🐝", 5, "🐝🐝…"),
        ("🐝🐝🐝", 4, "🐝…"),
        ("abe\u0301", 3, "ab…"),
        ("ae\u0301\u0302b", 3, "a…"),
        ("a👩\u200d👩\u200d👧b", 7, "a…"),
        ("a👍🏽b", 4, "a…"),
        ("🇫🇷🇩🇪x", 8, "🇫🇷…"),
        ("abc", 0, ""),
        ("abc", 1, "…"),
    ],
)
def test_a_cut_is_clean(text: str, most: int, expected: str) -> None:
    assert cut(text, most) == expected


def test_the_link_is_kept_whole() -> None:
    letter = Letter("Front door", ("word " * 100,), link="https://argus.example.org/events/1")
    text = fitted(letter, most_units=80).text
    assert text.startswith("Front door\nword word")
    assert text.endswith("…\nhttps://argus.example.org/events/1")


def test_a_link_for_which_there_is_no_room_is_left_out() -> None:
    letter = Letter("Front door", ("somebody",), link="https://argus.example.org/events/1")
    assert fitted(letter, most_units=30).text == "Front door\nsomebody"
