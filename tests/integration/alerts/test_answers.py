"""What recipients answer is carried out, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select

from services.alerts.answers import Answer, Listening, Take
from services.alerts.listener import Listener
from shared.db.tables import Delivery, Event, Feedback
from shared.domain.recipient import Press
from shared.ownership.lease import Lease
from shared.recipients.registry import mute_recipient, recipient_numbered
from tests.conftest import wait_until
from tests.integration.alerts.house import NOON, House, at_once, raised


def told(house: House, number: int = 1) -> str:
    """The delivery of an event that arrived."""
    house.store_event(number)
    house.tell(raised(number))
    house.deliver()
    return house.deliveries(event_uuid=f"event-{number}", channel="line")[0].id


def press(house: House, delivery: str, what: Press, *, who: str = "Anna", channel: str = "line") -> str | None:
    return house.answers.take(Answer(channel, delivery, what, who))


def feedback(house: House) -> list[tuple[str, str, int | None]]:
    with house.sessions() as session:
        rows = session.scalars(select(Feedback).order_by(Feedback.id))
        return [(row.author, row.kind, row.account_id) for row in rows]


def shown(house: House) -> str | None:
    with house.sessions() as session:
        return session.scalar(select(Event.user_feedback))


@pytest.mark.parametrize(
    ("what", "kind", "said"),
    [
        ("confirm", "confirmed", "Confirmed."),
        ("false_alarm", "false_positive", "Noted as a false alarm."),
    ],
)
def test_an_opinion_is_kept_once_and_acknowledges_the_alert(house: House, what: Press, kind: str, said: str) -> None:
    house.recipient()
    house.recipient(channel="mqtt", after_s=300)
    delivery = told(house)
    assert press(house, delivery, what) == said
    assert press(house, delivery, what) == "That was done already."
    assert (feedback(house), shown(house)) == ([("Anna", kind, 1)], kind)
    assert house.alert().acknowledged_by == "Anna"
    house.forward(seconds=300)
    assert house.mqtt.sent == []


def test_whoever_thinks_better_of_it_is_heard_and_so_is_everybody_else(house: House) -> None:
    house.recipient()
    delivery = told(house)
    press(house, delivery, "confirm")
    press(house, delivery, "false_alarm", who="Bert")
    press(house, delivery, "false_alarm")
    assert [(who, kind) for who, kind, _ in feedback(house)] == [
        ("Anna", "confirmed"),
        ("Bert", "false_positive"),
        ("Anna", "false_positive"),
    ]


def test_an_answer_that_comes_twice_at_once_is_carried_out_by_one(house: House) -> None:
    house.recipient()
    delivery = told(house)
    at_once(*(lambda: press(house, delivery, "confirm") for _ in range(4)))
    assert len(feedback(house)) == 1


def test_an_acknowledgement_tells_who_was_first(house: House) -> None:
    house.recipient()
    delivery = told(house)
    assert press(house, delivery, "acknowledge") == "Acknowledged."
    assert press(house, delivery, "acknowledge", who="Bert") == "Acknowledged before by Anna."
    assert feedback(house) == []


@pytest.mark.parametrize(
    ("language", "done", "before", "muted"),
    [
        ("fr", "Pris en charge.", "Déjà pris en charge par Anna.", "Silence jusqu’à 21:00 UTC+08:00."),
        ("ru", "Принято.", "Уже принято: Anna.", "Отключено до 21:00 UTC+08:00."),
        ("zh-TW", "已確認收到。", "先前已由 Anna 確認收到。", "靜音至 晚上9:00 UTC+08:00。"),
    ],
)
def test_an_answer_is_answered_in_the_recipients_language_and_by_its_clock(
    house: House, language: str, done: str, before: str, muted: str
) -> None:
    quiet = {"timezone": "Asia/Taipei", "windows": [{"from": "02:00", "to": "03:00"}]}
    house.recipient(language=language, quiet=quiet)
    delivery = told(house)
    assert press(house, delivery, "acknowledge") == done
    assert press(house, delivery, "acknowledge", who="Bert") == before
    assert press(house, delivery, "mute") == muted


def test_a_mute_leaves_the_recipient_alone_for_an_hour_and_spares_it_what_waits(house: House) -> None:
    number = house.recipient()
    other = house.recipient()
    delivery = next(row.id for row in _told_twice(house) if row.recipient == str(number))
    house.tell(raised(2))
    assert press(house, delivery, "mute") == "Muted until 13:00 UTC."
    house.tell(raised(3))
    assert house.row(number).muted_until == NOON + timedelta(hours=1)
    assert house.row(other).muted_until is None
    house.clock += timedelta(minutes=10)
    assert press(house, delivery, "mute") == "That was done already."
    assert house.row(number).muted_until == NOON + timedelta(hours=1), "a press that comes again prolongs nothing"
    house.deliver()
    assert sorted(house.line.texts) == ["person 1"] * 2 + ["person 2", "person 3"], "the other one's"
    house.forward(minutes=50)
    assert house.line.texts[4:] == ["2 events were held back: 1 × person 2, 1 × person 3"]


def test_whoever_presses_again_after_the_mute_or_under_another_message_is_muted_anew(house: House) -> None:
    number = house.recipient()
    first = told(house)
    second = told(house, 2)
    press(house, first, "mute")
    house.clock += timedelta(minutes=30)
    assert press(house, second, "mute") == "Muted until 13:30 UTC."
    house.clock += timedelta(minutes=70)
    assert press(house, first, "mute") == "Muted until 14:40 UTC."
    assert house.row(number).muted_until == NOON + timedelta(hours=2, minutes=40)


def test_a_mute_that_was_asked_for_otherwise_spares_what_waits_too_and_is_never_cut_short(house: House) -> None:
    number = house.recipient()
    delivery = told(house)
    house.tell(raised(2))
    with house.sessions.begin() as session:
        row = recipient_numbered(session, number)
        mute_recipient(session, row, minutes=90, now=house.clock)
    assert press(house, delivery, "mute") == "Muted until 13:30 UTC."
    house.deliver()
    assert house.line.texts == ["person 1"]
    house.forward(minutes=90)
    assert house.line.texts[1:] == ["1 event was held back: 1 × person 2"]


def test_a_muted_siren_has_nothing_to_make_up_for(house: House) -> None:
    number = house.recipient(channel="physical")
    with house.sessions.begin() as session:
        mute_recipient(session, recipient_numbered(session, number), minutes=90, now=house.clock)
    assert house.row(number).muted_until == NOON + timedelta(minutes=90)
    assert house.deliveries() == []


def _told_twice(house: House) -> list[Delivery]:
    told(house)
    return house.deliveries(state="sent")


def test_a_recipient_who_got_the_number_of_a_deleted_one_is_not_muted_for_it(house: House) -> None:
    number = house.recipient()
    delivery = told(house)
    house.change(number, created_at=NOON + timedelta(seconds=1))
    assert press(house, delivery, "mute") == "This recipient cannot be muted."
    assert house.row(number).muted_until is None


@pytest.mark.parametrize("forged", ["unknown", "of another channel", "never sent", "no press"])
def test_what_answers_to_nothing_that_was_sent_is_refused(house: House, forged: str) -> None:
    house.recipient()
    delivery, channel, what = told(house), "line", "confirm"
    if forged == "unknown":
        delivery = "x" * 500
    elif forged == "of another channel":
        channel = "mqtt"
    elif forged == "never sent":
        house.tell(raised(2))
        delivery = house.deliveries(state="queued")[0].id
    else:
        what = "explode"
    assert house.answers.take(Answer(channel, delivery, what, "Eve")) == "This alert is not known here."  # type: ignore[arg-type]
    assert feedback(house) == []


def test_a_digest_can_be_muted_but_not_judged(house: House) -> None:
    number = house.recipient(cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.deliver()
    house.forward(seconds=60)
    digest = house.deliveries(purpose="digest")[0].id
    assert press(house, digest, "confirm") == "This message stands for several events: answer them one by one."
    assert press(house, digest, "mute") == "Muted until 13:01 UTC."
    assert house.row(number).muted_until == NOON + timedelta(minutes=61)


def test_an_event_that_is_not_stored_any_more_can_still_be_acknowledged(house: House) -> None:
    house.recipient()
    house.tell(raised(1))
    house.deliver()
    assert press(house, house.deliveries()[0].id, "confirm") is not None
    assert house.alert().acknowledged_by == "Anna"


@dataclass
class Ears:
    """A channel that listens until it is told to stop; `fails` times it does not even begin."""

    fails: int = 0
    listening: threading.Event = field(default_factory=threading.Event)
    began: int = 0

    def listen(self, stop: threading.Event, take: Take) -> None:
        self.began += 1
        if self.began <= self.fails:
            raise RuntimeError("no ears")
        self.listening.set()
        stop.wait()
        self.listening.clear()


def _hearing(
    redis: Redis, ears: Listening, holder: str, *, ttl_s: float = 2.0
) -> tuple[Callable[[], None], threading.Event]:
    """Start a replica's listener; what ends it orderly, and its stop."""
    lease = Lease(redis, "answers:line", holder=holder, ttl_s=ttl_s)
    stop = threading.Event()
    listener = Listener("line", ears, lambda answer: None, lease=lease, ttl_s=ttl_s)
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()

    return end, stop


def test_one_replica_listens_and_another_takes_over_from_it(redis: Redis) -> None:
    first, second = Ears(), Ears()
    end_first, _ = _hearing(redis, first, "a")
    wait_until(first.listening.is_set, what="the first to listen")
    end_second, _ = _hearing(redis, second, "b")
    assert not second.listening.wait(2.5), "the lease was not prolonged"
    end_first()
    wait_until(second.listening.is_set, what="the second to take over")
    assert not first.listening.is_set()
    end_second()


def test_a_replica_that_lost_its_lease_stops_listening_at_once(redis: Redis) -> None:
    ears = Ears()
    end, _ = _hearing(redis, ears, "a", ttl_s=10.0)
    wait_until(ears.listening.is_set, what="it to listen")
    redis.set("lease:answers:line", "b", px=60_000)
    wait_until(lambda: not ears.listening.is_set(), 8, "it to stop before the lease would have ended")
    end()
    assert redis.get("lease:answers:line") == b"b"


def test_ears_that_fail_are_tried_again(redis: Redis) -> None:
    ears = Ears(fails=1)
    end, _ = _hearing(redis, ears, "a")
    wait_until(ears.listening.is_set, what="the second try")
    end()
