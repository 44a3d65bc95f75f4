"""What is held back, and told in one message afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.alerts.digest_words import text_of
from services.alerts.letter import letter
from shared.db.tables import Alert
from shared.domain.errors import Permanent, Transient
from tests.integration.alerts.house import NIGHT, NOON, House, at_once, raised


def test_a_cooldown_holds_back_all_but_the_first_and_tells_them_together_when_it_ends(house: House) -> None:
    number = house.recipient(cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.tell(raised(3, text="person 2"))
    house.deliver()
    assert house.line.texts == ["person 1"]
    assert house.row(number).cooling_until == NOON + timedelta(seconds=60)
    assert house.states() == ["held", "held", "sent"]
    house.forward(seconds=59)
    assert len(house.line.sent) == 1
    house.forward(seconds=1)
    assert house.line.texts[1:] == ["2 events were held back: 2 × person 2"]
    digest = house.line.sent[1].notice
    assert (digest.kind, digest.count, digest.camera, digest.severity) == ("digest", 2, "cam_001", 1)
    assert house.states() == ["sent"] * 3
    (told,) = house.deliveries(purpose="digest")
    assert [row.receipt for row in house.deliveries(digest_id=told.alert_id)] == [{"digest": told.alert_id}] * 2


def test_a_digest_begins_a_cooldown_as_everything_that_is_told(house: House) -> None:
    number = house.recipient(cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.deliver()
    house.forward(seconds=60)
    assert house.row(number).cooling_until == NOON + timedelta(seconds=120)


def test_a_batch_that_comes_again_changes_nothing(house: House) -> None:
    number = house.recipient(cooldown_s=60)
    house.recipient(quiet=NIGHT)
    batch = (raised(1), raised(2), raised(1))
    house.tell(*batch)
    before = [(row.id, row.state, row.due_at) for row in house.deliveries()]
    house.clock += timedelta(seconds=61)  # by now the second would be told, and begin a cooldown
    house.tell(*batch)
    assert [(row.id, row.state, row.due_at) for row in house.deliveries()] == before
    assert house.row(number).cooling_until == NOON + timedelta(seconds=60)


def test_replicas_that_handle_events_at_once_tell_one_of_them_and_hold_back_the_others(house: House) -> None:
    house.recipient(cooldown_s=60)
    replicas = [house.another_fanout() for _ in range(4)]
    # Two of them even handle the same events.
    at_once(
        *(
            lambda by=each, n=n: house.tell(raised(n // 2 * 2), raised(n // 2 * 2 + 1), by=by)
            for n, each in enumerate(replicas)
        )
    )  # type: ignore[misc]
    assert house.states() == ["held", "held", "held", "queued"]
    assert house.states("digest") == ["queued"]
    house.deliver()
    house.forward(seconds=60)
    assert [parcel.notice.count for parcel in house.line.sent] == [1, 3]


def test_a_camera_that_comes_and_goes_is_told_of_once_and_then_in_a_digest(house: House) -> None:
    house.recipient(cooldown_s=300)
    for number in range(10):
        kind = "camera_up" if number % 2 else "camera_down"
        house.tell(raised(number, kind=kind, text=f"Front door is {'back' if number % 2 else 'down'}"))
        house.forward(seconds=20)
    house.forward(seconds=100)
    assert house.line.texts == [
        "Front door is down",
        "9 events were held back: 5 × Front door is back, 4 × Front door is down",
    ]
    told = letter(house.line.sent[-1].notice, language="ru", now=house.clock)
    assert told.title == "Front door: ещё 9 событий"
    assert told.lines[1:] == ("5 × Front door: изображение снова есть", "4 × Front door: нет изображения")


def test_quiet_hours_hold_back_what_is_not_urgent(house: House) -> None:
    house.recipient(quiet=NIGHT, urgent_severity=3)
    house.clock = NOON + timedelta(hours=11)
    house.tell(
        raised(1, severity=2), raised(2, severity=3), raised(3, severity=1, camera="cam_002", camera_name="Yard")
    )
    house.deliver()
    assert house.line.texts == ["person 2"]
    house.forward(hours=7)
    assert house.line.texts[1:] == ["2 events were held back: 1 × person 1 (Front door), 1 × person 3 (Yard)"]
    notice = house.line.sent[1].notice
    assert (notice.camera_name, notice.severity) == ("2 cameras", 2)
    told = letter(notice, language="fr", now=house.clock)
    assert told.title == "2 autres événements"
    assert told.lines[1:] == (
        "1 × Front door\u00a0: personne dans la zone Door\u00a0: person 1",
        "1 × Yard\u00a0: personne dans la zone Door\u00a0: person 3",
    )


def test_a_digest_that_comes_due_in_a_mute_waits_for_its_end_and_gathers_what_came_meanwhile(house: House) -> None:
    number = house.recipient(quiet=NIGHT)
    house.clock = NOON + timedelta(hours=11)
    house.tell(raised(1))
    muted_until = NOON + timedelta(hours=19)
    house.change(number, muted_until=muted_until)
    house.forward(hours=7)
    assert house.line.sent == []
    house.tell(raised(2))
    house.forward(hours=1)
    assert [parcel.notice.count for parcel in house.line.sent] == [2]
    assert house.states() == ["sent", "sent"]
    assert house.states("digest") == ["cancelled", "sent"]


def test_a_digest_that_holds_nothing_is_not_sent(house: House) -> None:
    house.recipient(cooldown_s=60, after_s=0)
    house.tell(raised(1), raised(2))
    with house.sessions.begin() as session:
        for row in house.deliveries(state="held"):
            session.delete(session.merge(row))
    house.deliver()
    house.forward(seconds=60)
    assert house.line.texts == ["person 1"]
    assert house.states("digest") == ["cancelled"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Permanent("the chat is gone"), "its digest: the chat is gone"),
        (Transient("no answer"), "its digest: given up after 2 attempts: no answer"),
    ],
)
def test_what_a_digest_held_dies_with_it(house: House, error: Exception, reason: str) -> None:
    def fail(_: object) -> None:
        raise error

    house.recipient(quiet=NIGHT)
    house.clock = NOON + timedelta(hours=11)
    house.tell(raised(1), raised(2))
    house.line.fails = fail
    house.forward(hours=7)
    house.forward(hours=24)
    assert [(row.state, row.reason) for row in house.deliveries(purpose="notice")] == [("dead", reason)] * 2


@pytest.mark.parametrize("fails", ["to be sent", "to have an address"])
def test_what_died_with_a_digest_is_told_when_that_is_sent_again(house: House, fails: str) -> None:
    def fail(_: object) -> None:
        raise Permanent("the chat is gone")

    number = house.recipient(cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.deliver()
    if fails == "to be sent":
        house.line.fails = fail
    else:
        house.change(number, enabled=False)
    house.forward(seconds=60)
    assert (house.states("digest"), house.states()) == (["dead"], ["dead", "sent"])
    house.line.fails = lambda _: None
    house.change(number, enabled=True)
    with house.sessions.begin() as session:
        digest = session.merge(house.deliveries(purpose="digest")[0])
        digest.state, digest.settled_at = "queued", None
    house.deliver()
    assert house.line.texts[1:] == ["1 event was held back: 1 × person 2"] or house.line.texts[1:] == [
        "1 event was held back: 1 × person 1"
    ]
    assert (house.states("digest"), house.states()) == (["sent"], ["sent", "sent"])


def test_the_time_a_digest_waited_is_not_counted_against_it(house: House) -> None:
    """A weekend of quiet hours is longer than a delivery is tried."""

    def fail(_: object) -> None:
        raise Transient("no answer")

    weekend = {"timezone": "UTC", "windows": [{"days": ["sat", "sun"], "from": "00:00", "to": "24:00"}]}
    house.recipient(quiet=weekend)
    house.clock = NOON + timedelta(days=2)  # a Saturday
    house.tell(raised(1))
    house.line.fails = fail
    house.forward(hours=36)
    assert house.states("digest") == ["retrying"]
    house.line.fails = lambda _: None
    house.forward(hours=1)
    assert (house.states("digest"), house.states()) == (["sent"], ["sent"])


def test_what_comes_too_late_for_its_digest_is_told_by_itself(house: House) -> None:
    number = house.recipient(cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.deliver()
    house.forward(seconds=60)
    # Another replica decides by a clock that is behind, about a cooldown that it still sees.
    house.clock = NOON + timedelta(seconds=59)
    house.change(number, cooling_until=NOON + timedelta(seconds=60))
    house.tell(raised(3))
    house.deliver()
    assert house.line.texts[2:] == ["person 3"]


def test_whoever_is_never_free_is_not_told_at_all(house: House) -> None:
    house.recipient(quiet={"timezone": "UTC", "windows": [{"from": "00:00", "to": "24:00"}]}, urgent_severity=3)
    house.tell(raised(1, severity=1), raised(2, severity=3))
    house.deliver()
    assert house.line.texts == ["person 2"]
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 1


def test_a_digest_names_the_most_frequent_and_counts_the_rest() -> None:
    groups = {("Yard", f"person in zone {number}"): 20 - number for number in range(10)}
    assert text_of(groups) == (
        "155 events were held back: "
        + ", ".join(f"{20 - number} × person in zone {number}" for number in range(8))
        + ", 23 more"
    )
    assert text_of({("Yard", "cat"): 1}) == "1 event was held back: 1 × cat"


def test_what_a_device_does_not_sound_for_is_over_and_not_called_sent(house: House) -> None:
    house.mqtt.has_digests = False
    house.recipient(channel="mqtt", cooldown_s=60)
    house.recipient(channel="mqtt", quiet={"timezone": "UTC", "windows": [{"from": "11:00", "to": "13:00"}]})
    house.tell(raised(1), raised(2))
    house.deliver()
    house.forward(hours=2)
    assert house.mqtt.texts == ["person 1"]
    assert sorted(house.states()) == ["cancelled", "cancelled", "cancelled", "sent"]
    over = house.deliveries(state="cancelled")
    assert {row.settled_at for row in over} == {NOON}
    assert all("in its cooldown" in row.reason for row in over)
    assert house.states("digest") == []


def test_a_digest_is_told_in_the_words_of_whoever_reads_it(house: House) -> None:
    house.recipient(cooldown_s=60)
    zoned = [raised(each, label="car", zones=("Porch",), text="car in Porch") for each in range(1, 4)]
    house.tell(
        raised(0), *zoned, *(raised(each, label="dog", zones=(), text=f"dog: number {each}") for each in range(4, 14))
    )
    house.deliver()
    house.forward(seconds=60)
    told = letter(house.line.sent[-1].notice, language="fr", now=house.clock)
    assert told.lines[1] == "3 × voiture dans la zone Porch"
    assert told.lines[2] == "1 × chien\u00a0: number 10"
    assert (len(told.lines), told.lines[-1]) == (10, "3 autres événements")


def test_an_arrival_shows_on_the_recipient_and_costs_one_write_however_many_there_are(house: House) -> None:
    number = house.recipient()
    house.tell(*(raised(each) for each in range(20)))
    house.deliver()
    assert house.row(number).last_told_at is None
    house.arrivals.write()
    assert house.row(number).last_told_at == NOON
    house.clock -= timedelta(hours=1)
    house.tell(raised(30))
    house.deliver()
    house.arrivals.write()
    assert house.row(number).last_told_at == NOON, "the newest arrival counts"


def test_what_nobody_took_for_longer_than_deliveries_are_tried_is_not_told_as_if_it_were_new(house: House) -> None:
    house.recipient()
    house.tell(raised(1))
    house.forward(hours=49)
    (row,) = house.deliveries()
    assert (row.state, row.reason) == ("dead", "too late: due 49 hours ago")
    assert house.line.sent == []
