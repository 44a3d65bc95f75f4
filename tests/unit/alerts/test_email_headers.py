"""Headers that hold whatever people call things."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.alerts.email_headers import block, folded, mailbox, text
from services.alerts.one_line import one_line

ANY = st.text(max_size=150)


def parsed(**headers: str) -> Message:
    return message_from_bytes(block(headers.items()) + b"\r\nbody\r\n", policy=default)


@given(value=ANY)
@example(value="x\r\nBcc: eve@example.org")
@example(value="=?utf-8?q?x=0D=0ABcc=3A_eve=40example=2Eorg?=")
@example(value="=?")
@example(value="a" * 150)
@example(value="ab " * 50)
@example(value="Ж" * 150)
@example(value="🚨\u200d" * 70)
def test_a_text_arrives_as_one_line_of_what_was_meant(value: str) -> None:
    written = text(value)
    assert all(len(line) <= 78 for line in f"Subject: {written}".split("\r\n")[1:])
    message = parsed(Subject=written)
    assert message.keys() == ["Subject"]
    assert message["Subject"] == one_line(value)
    # Another reader of encoded words understands the same.
    unfolded = written.replace("\r\n ", " ")
    assert str(make_header(decode_header(unfolded))) == one_line(value)


@given(name=ANY)
@example(name='Eve" <eve@example.org>, "')
@example(name="Eve <eve@example.org>")
@example(name="=?utf-8?q?=2C_=3Ceve=40example=2Eorg=3E?=")
@example(name='back\\slash \\" quote')
@example(name="Ada, Countess (of Lovelace)")
@example(name="Ж, <x@y>")
def test_a_name_never_becomes_an_address(name: str) -> None:
    message = parsed(To=mailbox(name, "ada@example.org"))
    (only,) = message["To"].addresses
    assert only.addr_spec == "ada@example.org"
    # The library that reads it here is not exact with blanks: between encoded words, and at the ends.
    assert "".join(only.display_name.split()) == "".join(one_line(name).split())
    assert message.keys() == ["To"]


def test_a_plain_name_needs_no_quotes() -> None:
    assert mailbox("Argus", "argus@example.org") == "Argus <argus@example.org>"
    assert mailbox("St. Mary's", "a@example.org") == '"St. Mary\'s" <a@example.org>'
    assert mailbox("", "argus@example.org") == "argus@example.org"


@pytest.mark.parametrize("count", [1, 2, 40])
def test_what_is_folded_has_all_its_words(count: int) -> None:
    words = [f"<word-{number}@example.org>" for number in range(count)]
    lines = folded(words).split("\r\n ")
    assert " ".join(lines).split(" ") == words
    assert all(len(line) <= 76 for line in lines)
