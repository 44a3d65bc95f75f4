"""The generated reference pages tell what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reference.pages import PAGES
from tools.reference.settings_page import every_field

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run: python -m tools.reference"


@pytest.mark.parametrize(
    ("variable", "field"), list(every_field()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_setting_says_what_it_means(variable: str, field: object) -> None:
    assert getattr(field, "description", ""), f"{variable} needs a description"
