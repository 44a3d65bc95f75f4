"""Credentials in addresses are not shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.masking import mask_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:pw@10.0.0.5/ch1", "rtsp://***@10.0.0.5/ch1"),
        ("redis://:pw@host:6379/0", "redis://***@host:6379/0"),
        ("open rtsp://a:b@h/1 and rtsp://c:d@h/2", "open rtsp://***@h/1 and rtsp://***@h/2"),
        ("rtsp://admin:p@ss/w0rd@host/x", "rtsp://***@host/x"),
        ("'rtsp://a:b@h', 'mail me@x'", "'rtsp://***@h', 'mail me@x'"),
        ("https://host/path?x=1", "https://host/path?x=1"),
        ("me@example.org", "me@example.org"),
        ("", ""),
    ],
)
def test_known_texts(text: str, shown: str) -> None:
    assert mask_credentials(text) == shown


word = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="\"'<>"), min_size=1, max_size=20)


@given(word, word)
def test_no_password_survives(user: str, password: str) -> None:
    assert mask_credentials(f"try rtsp://{user}:{password}@camera/live again") == "try rtsp://***@camera/live again"
