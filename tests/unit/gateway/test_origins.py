from __future__ import annotations

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from services.gateway.http.origins import is_welcome


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://argus.local:8000", True),
        ("https://argus.local:8000", True),
        ("HTTP://Argus.Local:8000", True),
        ("http://panel.example", True),
        ("http://argus.local", False),
        ("http://argus.local:8001", False),
        ("http://evil.example", False),
        ("http://argus.local:8000.evil.example", False),
        ("http://evil.example/argus.local:8000", False),
        ("http://user@argus.local:8000", False),
        ("file://argus.local:8000", False),
        ("https://panel.example", False),
        ("http://[", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_pages_of_this_server_and_of_the_allowed_origins_are_welcome(origin: str | None, *, welcome: bool) -> None:
    assert is_welcome(_asked_by(origin), ("http://panel.example",)) is welcome


def test_all_are_welcome_where_all_are_allowed() -> None:
    assert is_welcome(_asked_by("http://evil.example"), ("*",))


def _asked_by(origin: str | None) -> Request:
    headers = {"Origin": origin} if origin is not None else {}
    return Request(EnvironBuilder(base_url="http://argus.local:8000", headers=headers).get_environ())
