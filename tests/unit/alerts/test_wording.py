"""Argus's words in every language: none missing, none left over, none that says something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from services.alerts.labels import LABELS, label_in_words
from services.alerts.wording import SOURCE_LANGUAGE, folder_of, wording
from shared.domain.recipient import LANGUAGES
from shared.weights.labels import LABEL_SETS
from tests.conftest import PROJECT

ALERTS = PROJECT / "services" / "alerts"
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
KEYWORDS: dict[str, Any] = {**DEFAULT_KEYWORDS, "marked": None, "marked_in": ((1, "c"), 2)}

Key = tuple[str | None, str | tuple[str, ...]]
"""Context and text (with its plural)."""

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?.")
_PLURALS = {"fr": 2, "ru": 3, "zh-TW": 1}


def in_the_code() -> set[Key]:
    found = extract_from_dir(str(ALERTS), [("**.py", "python")], keywords=KEYWORDS)
    return {(context, _text(text)) for _, _, text, _, context in found if _text(text)}


def _text(text: Any) -> str | tuple[str, ...]:
    return tuple(text) if isinstance(text, list | tuple) else str(text)


def catalogue(language: str) -> Catalog:
    file = ALERTS / "locale" / folder_of(language) / "LC_MESSAGES" / "alerts.po"
    return read_po(BytesIO(file.read_bytes()), locale=folder_of(language), abort_invalid=True)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def placeholders(text: str) -> list[str]:
    return sorted(match[0] for match in _PLACEHOLDER.finditer(text))


def test_every_language_has_a_catalogue_and_every_catalogue_a_language() -> None:
    assert {folder.name for folder in (ALERTS / "locale").iterdir()} == {folder_of(name) for name in TRANSLATED}


def test_the_code_says_something() -> None:
    assert {(None, "Confirm"), (None, "person"), ("severity", "critical")} <= in_the_code()
    assert (None, ("Zone: %(zones)s", "Zones: %(zones)s")) in in_the_code()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_what_the_code_says_and_nothing_else(language: str) -> None:
    known = [(message.context, _text(message.id)) for message in messages(language)]
    assert set(known) == in_the_code()
    assert len(known) == len(set(known))
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_is_translated_with_the_same_placeholders(language: str) -> None:
    assert catalogue(language).num_plurals == _PLURALS[language]
    for message in messages(language):
        assert not message.fuzzy, message.id
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(said) == (_PLURALS[language] if message.pluralizable else 1), message.id
        meant = message.id[0] if isinstance(message.id, tuple) else message.id
        for text in said:
            assert text.strip(), message.id
            assert text == text.strip(), message.id
            assert placeholders(text) == placeholders(meant), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_other_language_has_its_own_words(language: str) -> None:
    own = [message for message in messages(language) if message.string != message.id]
    assert len(own) > 0.9 * len(list(messages(language)))


def test_there_are_words_for_all_that_the_eye_can_see() -> None:
    assert set(LABEL_SETS["coco80"]) <= set(LABELS)
    assert len(LABELS) == len(set(LABELS))


@pytest.mark.parametrize(
    ("language", "label", "words"),
    [
        ("en", "ear_protection", "ear protection"),
        ("fr", "person", "personne"),
        ("ru", "helmet, vest", "каска, сигнальный жилет"),
        ("zh-TW", "cell phone", "手機"),
        ("fr", "AB-123-CD", "AB-123-CD"),
        ("fr", "Confirm", "Confirm"),
        ("fr", "", ""),
        ("ru", "person, Anna", "человек, Anna"),
    ],
)
def test_a_label_is_told_in_words_where_there_are_any(language: str, label: str, words: str) -> None:
    assert label_in_words(label, wording(language)) == words


@pytest.mark.parametrize("language", ["de", "", "zh-CN", "../../etc", "EN"])
def test_an_unknown_language_is_english(language: str) -> None:
    assert wording(language) is wording("en")


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("en", "UTC", "15 Jan 2026, 22:30:45 UTC"),
        ("fr", "Europe/Paris", "15 janv. 2026, 23:30:45 UTC+01:00"),
        ("ru", "Asia/Vladivostok", "16 янв. 2026\u00a0г., 08:30:45 UTC+10:00"),
        ("zh-TW", "Asia/Taipei", "2026年1月16日 清晨6:30:45 UTC+08:00"),
        ("en", "America/St_Johns", "15 Jan 2026, 19:00:45 UTC-03:30"),
    ],
)
def test_a_moment_is_told_by_the_readers_clock(language: str, zone: str, text: str) -> None:
    at = datetime(2026, 1, 15, 22, 30, 45, tzinfo=UTC)
    # Which blank a language has inside a date changes with the years.
    assert wording(language).moment(at, ZoneInfo(zone)).replace("\u202f", "\u00a0") == text


def test_the_catalogues_are_text_and_nothing_compiled_lies_beside_them() -> None:
    files = [path for path in (ALERTS / "locale").rglob("*") if path.is_file()]
    assert {Path(path).suffix for path in files} == {".po"}
