"""Argus's own words in the languages that recipients can choose. Pure, but for reading the catalogues of the package.

The words stand in the code, in English, inside `gettext`, `ngettext`, `pgettext` or one of the markers below; each
`services/alerts/locale/<language>/LC_MESSAGES/alerts.po` holds them in one other language. A test compares the two.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final

from shared.domain.recipient import LANGUAGES

if TYPE_CHECKING:
    from babel import Locale

DOMAIN: Final = "alerts"
SOURCE_LANGUAGE: Final = "en"

# Twenty-four hours and the name of the month: nobody takes one time or date for another.
_ENGLISH_LOCALE: Final = "en_GB"


def marked(text: str) -> str:
    """The text as it is; it is looked up later, as the argument of `gettext`."""
    return text


def marked_in(context: str, text: str) -> tuple[str, str]:
    """Context and text as they are; they are looked up later, as the arguments of `pgettext`."""
    return context, text


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: its words, and how it writes times, shares and enumerations. Thread-safe."""

    language: str
    locale: Locale
    _words: gettext.NullTranslations = field(repr=False)

    def gettext(self, text: str) -> str:
        return self._words.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._words.ngettext(one, many, count)

    def pgettext(self, context: str, text: str) -> str:
        return self._words.pgettext(context, text)

    def moment(self, at: datetime, zone: tzinfo) -> str:
        """Date and time to the second by the clock in `zone`, with its distance from UTC."""
        from babel.dates import format_datetime

        local = at.astimezone(zone)
        return f"{format_datetime(local, 'medium', tzinfo=zone, locale=self.locale)} {_distance(local)}"

    def hour(self, at: datetime, zone: tzinfo) -> str:
        """The time to the minute by the clock in `zone`, with its distance from UTC."""
        from babel.dates import format_time

        local = at.astimezone(zone)
        return f"{format_time(local, 'short', tzinfo=zone, locale=self.locale)} {_distance(local)}"

    def percent(self, share: float) -> str:
        from babel.numbers import format_percent

        return format_percent(share, locale=self.locale)

    def listing(self, items: Sequence[str]) -> str:
        from babel.lists import format_list

        return format_list(list(items), "standard", locale=self.locale)


def wording(language: str) -> Wording:
    """The wording of a language; English for one that is not known. Reads its catalogue at the first call."""
    return _wording(language if language in LANGUAGES else SOURCE_LANGUAGE)


def folder_of(language: str) -> str:
    """The name of a language's folder below `locale`: `zh_TW` for `zh-TW`."""
    return language.replace("-", "_")


def _distance(local: datetime) -> str:
    offset = local.strftime("%z")
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"


@cache
def _wording(language: str) -> Wording:
    # Babel is loaded with the first letter, not with the first service that could write one.
    from babel import Locale

    if language == SOURCE_LANGUAGE:
        return Wording(language, Locale.parse(_ENGLISH_LOCALE), gettext.NullTranslations())
    return Wording(language, Locale.parse(folder_of(language)), _catalogue(folder_of(language)))


def _catalogue(folder: str) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = files("services.alerts") / "locale" / folder / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=folder, domain=DOMAIN))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
