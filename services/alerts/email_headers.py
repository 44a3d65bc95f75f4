"""The headers of an e-mail, written by hand: nothing that is put into one can begin another. Pure.

The standard library's writer takes encoded words inside a text (`=?utf-8?q?…?=`) for its own, decodes them, and lets
line breaks out of them that way.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final

from services.alerts.one_line import one_line

_WIDTH: Final = 76
# 45 bytes are 60 characters of base64: with what stands around them below the 75 that an encoded word may have.
_CHUNK: Final = 45
_FOLD: Final = "\r\n "
_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def block(headers: Iterable[tuple[str, str]]) -> bytes:
    """The headers as they travel. Values are ASCII, broken only where `folded` or `text` broke them."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")


def text(value: str) -> str:
    """Any text as a header's value: as it is where it is plain, else in encoded words (RFC 2047)."""
    line = one_line(value)
    return folded(line.split(" ")) if _plain(line) else _FOLD.join(_encoded(line))


def mailbox(name: str, address: str) -> str:
    """A name of any characters, and an ASCII address."""
    known_as = one_line(name)
    if not known_as:
        return address
    if not _plain(known_as):
        return _FOLD.join([*_encoded(known_as), f"<{address}>"])
    if not _PHRASE.fullmatch(known_as):
        escaped = known_as.replace("\\", "\\\\").replace('"', '\\"')
        known_as = f'"{escaped}"'
    return folded([*known_as.split(" "), f"<{address}>"])


def folded(words: Iterable[str]) -> str:
    """The words with blanks between them, on as many lines as it takes; a word is never cut."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return _FOLD.join(lines)


def _plain(line: str) -> bool:
    # What looks like an encoded word would be decoded at the other end: it is encoded once more, and survives.
    return line.isascii() and "=?" not in line and len(max(line.split(" "), key=len)) < _WIDTH


def _encoded(line: str) -> Iterator[str]:
    chunk = b""
    for character in line:
        written = character.encode()
        if len(chunk) + len(written) > _CHUNK:
            yield _word(chunk)
            chunk = b""
        chunk += written
    yield _word(chunk)


def _word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode()}?="
