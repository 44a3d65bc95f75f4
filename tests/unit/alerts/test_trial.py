from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from sqlalchemy import Engine, create_engine

from services.alerts.channel import Channel, Parcel, Receipt
from services.alerts.channels import CATALOGUE
from services.alerts.channels.webhook import payload
from services.alerts.trial import Trial, sample
from shared.db.engine import sessions
from shared.domain.channel import ChannelName
from shared.domain.errors import Permanent, Transient
from shared.messages.alert_test import AlertTest, ChannelOutcome, decode_outcomes, encode_outcomes
from tests.unit.alerts.channel_on_hand import ChannelOnHand

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    yield made
    made.dispose()


def _trial(engine: Engine, **channels: Channel) -> Trial:
    return Trial(channels, sessions(engine), now=lambda: NOW)


def _order(*channels: str, account_id: int | None = None) -> AlertTest:
    return AlertTest(account_id=account_id, channels=channels, message="hello", photo="snapshots/a.jpg")


def _refuse(recipient: str) -> Receipt:
    raise Permanent(f"HTTP 403 for {recipient}")


def _break(recipient: str) -> Receipt:
    raise ZeroDivisionError


def test_every_recipient_is_told_and_the_receipts_are_summed_up(engine: Engine) -> None:
    mail = ChannelOnHand({"a": None, "b": 1})
    chat = ChannelOnHand({"c": 1}, lambda _: Receipt({"message_id": 12345}))
    horn = ChannelOnHand({"d": 1}, lambda _: Receipt({"device": "siren"}))
    outcomes = _trial(engine, email=mail, telegram=chat, physical=horn).run(
        _order("telegram", "email", "physical", "email"), within_s=5
    )
    assert list(outcomes) == ["telegram", "email", "physical"]
    assert outcomes == {
        "telegram": ChannelOutcome(status="sent", message_id=12345, recipients=1),
        "email": ChannelOutcome(status="sent", recipients=2),
        "physical": ChannelOutcome(status="triggered", devices=("siren",)),
    }
    assert sorted(mail.told) == ["a", "b"]
    assert decode_outcomes(encode_outcomes(outcomes)) == outcomes


def test_what_is_sent_says_that_it_is_a_test_and_is_no_stored_event(engine: Engine) -> None:
    mail = ChannelOnHand({"a": None, "b": None})
    _trial(engine, email=mail).run(_order(), within_s=5)
    (one, two) = mail.sent
    assert one.delivery_id != two.delivery_id
    assert (one.notice.test, one.notice.text, one.notice.snapshot) == (True, "hello", "snapshots/a.jpg")
    assert (one.notice.camera, one.notice.label) == ("test", "test")
    body = payload(one, frozenset({"alert"}))
    assert (body["test"], body["text"], body["event_type"], body["photo_url"]) == (True, "hello", "alert", None)
    again = sample("hello", now=NOW)
    assert again.event_id != one.notice.event_id
    assert "test" not in payload(Parcel("d", 1, again.model_copy(update={"test": False})), frozenset())


def test_an_accounts_test_reaches_its_own_recipients_alone(engine: Engine) -> None:
    mail = ChannelOnHand({"everybody's": None, "own": 1, "other's": 2})
    trial = _trial(engine, email=mail)
    assert trial.run(_order(account_id=1), within_s=5)["email"].recipients == 1
    assert mail.told == ["own"]
    assert trial.run(_order(account_id=None), within_s=5)["email"].recipients == 3


def test_an_order_for_one_recipient_reaches_nobody_else(engine: Engine) -> None:
    mail = ChannelOnHand({"own": 1, "another": 1})
    order = _order("email", account_id=1).model_copy(update={"recipient": "own"})
    assert _trial(engine, email=mail).run(order, within_s=5) == {"email": ChannelOutcome(status="sent", recipients=1)}
    assert mail.told == ["own"]


def test_what_is_not_in_use_or_has_nobody_to_tell_is_not_configured(engine: Engine) -> None:
    outcomes = _trial(engine, email=ChannelOnHand({"other's": 2})).run(
        _order("line", "email", account_id=1), within_s=5
    )
    assert {outcome.status for outcome in outcomes.values()} == {"not_configured"}
    assert outcomes["line"].reason == "this installation does not use the channel"
    assert outcomes["email"].reason == "the channel has no recipient of yours to tell"


def test_without_names_every_channel_in_use_is_tried(engine: Engine) -> None:
    trial = _trial(engine, email=ChannelOnHand({"a": None}), line=ChannelOnHand({"b": None}))
    assert set(trial.run(_order(), within_s=5)) == {"email", "line"}
    assert _trial(engine).run(_order(), within_s=5) == {}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_refuse, "HTTP 403 for a"),
        (_break, "the channel failed: ZeroDivisionError"),
    ],
)
def test_one_channels_failure_hides_no_others_result(engine: Engine, answer: object, reason: str) -> None:
    bad = ChannelOnHand({"a": None}, answer)  # type: ignore[arg-type]
    outcomes = _trial(engine, line=bad, email=ChannelOnHand({"b": None})).run(_order(), within_s=5)
    assert outcomes["line"] == ChannelOutcome(status="failed", reason=reason, recipients=0)
    assert outcomes["email"].status == "sent"


def test_a_channel_that_cannot_say_whom_it_tells_has_failed(engine: Engine) -> None:
    class Broken(ChannelOnHand):
        def recipients(self, session: object) -> list[object]:  # type: ignore[override]
            raise KeyError

    outcomes = _trial(engine, line=Broken({}), email=ChannelOnHand({"b": None})).run(_order(), within_s=5)
    assert outcomes["line"] == ChannelOutcome(status="failed", reason="the channel failed: KeyError")
    assert outcomes["email"].status == "sent"


def test_one_recipient_that_was_not_reached_is_named(engine: Engine) -> None:
    def answer(recipient: str) -> Receipt:
        if recipient == "7":
            raise Transient("HTTP 500")
        return Receipt()

    outcomes = _trial(engine, webhook=ChannelOnHand({"6": None, "7": None, "8": None}, answer)).run(
        _order(), within_s=5
    )
    assert outcomes["webhook"] == ChannelOutcome(
        status="failed", reason="1 of 3 were not reached – 7: HTTP 500", recipients=2
    )


def test_a_slow_channel_fails_in_time_and_delays_nobody(engine: Engine) -> None:
    release, begun = threading.Event(), threading.Event()

    def hang(recipient: str) -> Receipt:
        release.wait(30)
        return Receipt()

    def note(recipient: str) -> Receipt:
        begun.set()
        return Receipt()

    slow, fast = ChannelOnHand(dict.fromkeys("abcdefghijkl"), hang), ChannelOnHand({"z": None}, note)
    found: list[dict[str, ChannelOutcome]] = []
    trial = _trial(engine, slow=slow, fast=fast)
    asking = threading.Thread(target=lambda: found.append(trial.run(_order(), within_s=1.0)))
    asking.start()
    assert begun.wait(30)
    asking.join(timeout=10)
    assert not asking.is_alive()
    assert found[0]["slow"].status == "failed"
    assert "no answer within 1 s" in str(found[0]["slow"].reason)
    assert found[0]["fast"] == ChannelOutcome(status="sent", recipients=1)
    release.set()


def test_the_api_knows_the_name_of_every_channel_there_is() -> None:
    assert set(CATALOGUE) <= set(get_args(ChannelName))
