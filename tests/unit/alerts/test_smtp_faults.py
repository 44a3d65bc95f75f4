"""What a mail server's refusals mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.smtp_faults import Stage, asked_wait_s, refused, said
from shared.domain.errors import Permanent, Transient

STAGES: tuple[Stage, ...] = ("greeting", "login", "sender", "recipient", "message")


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("4.7.1 Greylisted, try again in 300 seconds", 300),
        ("4.2.0 Greylisted, see http://postgrey.example.org/help/example.org.html", None),
        ("4.7.1 <ada@example.org>: Greylisted for 5 minutes", 300),
        ("Greylisting in effect, please come back in 00:04:57", 297),
        ("try again in 7 s", 7),
        ("try again in 2 min", 120),
        ("try again in 99999 minutes", 3600),
        ("4.7.1 come later", None),
        ("10.0.0.7 seconds nothing", None),
        ("", None),
    ],
)
def test_the_wait_that_a_server_names_is_understood(text: str, wait_s: float | None) -> None:
    assert asked_wait_s(text) == wait_s


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [500, 501, 530, 535, 550, 551, 553, 554])
def test_only_what_concerns_recipient_or_message_is_for_good(stage: Stage, code: int) -> None:
    error = refused(stage, code, "no", attempt=1)
    assert isinstance(error, Permanent if stage in ("recipient", "message") else Transient)


@given(
    stage=st.sampled_from(STAGES),
    code=st.integers(-1, 999),
    text=st.text(),
    attempt=st.integers(min_value=1, max_value=99),
)
def test_any_reply_has_one_printable_line_of_reason(stage: Stage, code: int, text: str, attempt: int) -> None:
    error = refused(stage, code, text, attempt=attempt)
    assert str(error).isprintable()
    assert len(str(error)) < 400
    wait_s = getattr(error, "retry_after_s", None)
    assert wait_s is None or 0 <= wait_s <= 3600


def test_bytes_that_are_no_text_can_be_told() -> None:
    assert said("caf\udce9\r\nx\x00y") == "caf? xy"
