from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from shared.db.secrets import SecretBox
from shared.domain.errors import UserError
from shared.domain.recipient import PRESSES
from shared.recipients.links import LINK_PRESSES, VALID_FOR, Link, LinkExpired, Links

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
KEY = SecretBox(Fernet.generate_key().decode()).derived_key("links")


def _links(now: datetime = NOW, *, key: bytes = KEY, public_url: str | None = "https://argus.example/") -> Links:
    return Links(key, public_url=public_url, now=lambda: now)


def test_every_answer_has_a_link_that_says_what_it_is_about() -> None:
    assert set(LINK_PRESSES) == {*PRESSES, "unsubscribe", "verify"}
    for press in LINK_PRESSES:
        link = _links().link_to(press, "delivery-1")  # type: ignore[arg-type]
        assert link is not None
        prefix, _, token = link.rpartition("/")
        assert prefix == "https://argus.example/a"
        assert _links().read(token) == Link(press, "delivery-1")  # type: ignore[arg-type]


def test_a_link_ends_after_a_week() -> None:
    token = _links().token("mute", "delivery-1")
    assert _links(NOW + VALID_FOR).read(token).press == "mute"
    with pytest.raises(LinkExpired):
        _links(NOW + VALID_FOR + timedelta(seconds=1)).read(token)


def test_a_link_of_another_installation_is_none() -> None:
    other = SecretBox(Fernet.generate_key().decode()).derived_key("links")
    with pytest.raises(UserError, match="not one that was given out"):
        _links().read(_links(key=other).token("mute", "delivery-1"))
    assert SecretBox(Fernet.generate_key().decode()).derived_key("a") != KEY


def test_without_an_address_for_people_there_is_no_link() -> None:
    assert _links(public_url=None).link_to("mute", "delivery-1") is None


@given(st.text(max_size=600))
def test_what_was_not_given_out_is_refused(token: str) -> None:
    with pytest.raises(UserError):
        _links().read(token)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=127))
def test_a_changed_token_is_refused(place: int, char: int) -> None:
    token = _links().token("unsubscribe", "dafc1b75-0ca6-59ea-b0b9-6d194ab190fe")
    at = place % len(token)
    changed = token[:at] + chr(char) + token[at + 1 :]
    if changed == token:
        return
    try:
        # The last character of base64 has bits that mean nothing: such a token says the same.
        assert _links().read(changed) == _links().read(token)
        assert at in (len(token) - 1, token.index("."), token.rindex(".") - 1)
    except UserError:
        pass
