"""Addresses of recipients: what is taken, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.recipients.addresses import ADDRESSES, parse_address
from shared.recipients.email_address import email_address


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("Ada.Lovelace+cctv@Example.ORG", "Ada.Lovelace+cctv@example.org"),
        (" ada@bücher.example ", "ada@xn--bcher-kva.example"),
        ("a@b.co", "a@b.co"),
    ],
)
def test_an_address_is_stored_in_the_form_that_servers_take(given_: str, stored: str) -> None:
    assert email_address(given_) == stored


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@example.org", "ada@", "ada@localhost", "ada@127.0.0.1", "a..b@example.org", ".a@example.org"),
        *("ada@exa mple.org", "ada@example.org\r\nBcc: eve@example.org", "ada\x00@example.org", '"a b"@example.org'),
        *("a" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "a@" + "b.c" * 100 + ".org", "ada@-x.org", "ada@x..org"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"e-mail address|before the @|after the @|longer"):
        email_address(text)


@given(st.text(max_size=300))
def test_an_address_that_is_taken_is_one_printable_line_and_stays_the_same(text: str) -> None:
    try:
        taken = email_address(text)
    except ValueError:
        return
    assert taken.isascii()
    assert taken.isprintable()
    assert " " not in taken
    assert taken.count("@") == 1
    assert email_address(taken) == taken


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", {"email": "ada@example.org"}),
        ("telegram", {"chat_id": -1001234567890, "thread_id": 7}),
        ("telegram", {"chat_id": "@argus_alerts"}),
        ("line", {"to": "U" + "0" * 32}),
        ("line", {}),
        ("line", {"to": ("U" + "0" * 32, "U" + "1" * 32)}),
        ("physical", {"kind": "shelly", "url": "http://192.168.1.40", "pulse_s": 5}),
        ("physical", {"kind": "http", "url": "http://relay/on", "off_url": "http://relay/off"}),
        ("physical", {"kind": "mqtt", "topic": "siren/set"}),
        ("physical", {"kind": "gpio", "line": 17}),
    ],
)
def test_addresses_of_every_channel_are_taken(channel: str, address: dict[str, Any]) -> None:
    assert parse_address(channel, address).model_dump(exclude_unset=True) == address


@pytest.mark.parametrize(
    ("channel", "address", "named"),
    [
        ("email", {}, "email"),
        ("email", {"email": "ada@example.org", "name": "Ada"}, "name"),
        ("telegram", {"chat_id": "argus"}, "chat_id"),
        ("telegram", {"chat_id": 1, "thread_id": 0}, "thread_id"),
        ("line", {"to": "everybody"}, "to"),
        ("line", {"to": []}, "to"),
        ("line", {"to": ["C" + "0" * 32]}, "to"),
        ("physical", {"kind": "tasmota"}, "url is required"),
        ("physical", {"kind": "http", "url": "http://relay/on"}, "off_url"),
        ("physical", {"kind": "mqtt", "topic": "siren/#"}, "topic"),
        ("physical", {"kind": "gpio", "line": 1, "chip": "/etc/passwd"}, "chip"),
        ("physical", {"kind": "gpio", "line": 1, "pulse_s": 1e9}, "pulse_s"),
    ],
)
def test_what_is_wrong_is_named(channel: str, address: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        parse_address(channel, address)


def test_no_channel_without_recipients_has_addresses() -> None:
    assert sorted(ADDRESSES) == ["email", "line", "physical", "telegram"]
