"""The clients that SecureVision's page gives to its readers, as they stand there.

The page has lost the indentation of its programs. JavaScript needs none; Python's is put back, and nothing else.
"""

from __future__ import annotations

from tests.conftest import SHARED

PAGE = SHARED / "contracts" / "securevision.txt"

_PYTHON_FROM, _PYTHON_TO = "import requests\n", "const axios"
_SCRIPT_FROM, _SCRIPT_TO = "const axios", "})();"
_URL, _TOKEN = "http://localhost:8000", "your-token-here"


def python_client(*, url: str, token: str) -> str:
    """The Python program, with the server's address and the token put in."""
    return _pointed(_indented(_part(_PYTHON_FROM, _PYTHON_TO)), url=url, token=token)


def script_client(*, url: str, token: str) -> str:
    """The JavaScript program, likewise."""
    text = _part(_SCRIPT_FROM, _SCRIPT_TO) + _SCRIPT_TO
    return _pointed(text, url=url, token=token)


def _indented(text: str) -> str:
    """Python with its indentation: in this program an `if` guards one line, and a loop ends at a comment."""
    depth, extra, found = 0, 0, []
    for line in text.splitlines():
        if line.startswith(("class ", "#")):
            depth = 0
        elif line.startswith("def "):
            depth = 1
        found.append("    " * (depth + extra) + line)
        extra = 1 if line.startswith("if ") else 0
        if line.startswith(("class ", "def ", "for ")):
            depth += 1
    return "\n".join(found) + "\n"


def _part(begins: str, ends: str) -> str:
    page = PAGE.read_text(encoding="utf-8")
    start = page.index(begins)
    return page[start : page.index(ends, start)]


def _pointed(text: str, *, url: str, token: str) -> str:
    assert _URL in text
    assert _TOKEN in text
    return text.replace(_URL, url).replace(_TOKEN, token)
