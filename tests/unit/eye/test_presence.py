"""When a stay begins, what of it is told, and when it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from services.eye.presence import PresenceBook, PresenceRules, PresenceUpdate
from shared.domain.box import Box
from shared.domain.detection import Detection, Track
from shared.domain.ids import presence_id
from shared.domain.polygon import Polygon
from shared.domain.presence import PresencePhase
from shared.domain.zone import Zone

STARTED, CHANGED, ENDED = PresencePhase.STARTED, PresencePhase.CHANGED, PresencePhase.ENDED
T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
SIZE = (640, 480)
PERSON = Box(100, 100, 140, 200)
LEFT = Zone("left", Polygon.of([[0, 0], [0.5, 0], [0.5, 1], [0, 1]]))
RIGHT = Zone("right", Polygon.of([[0.5, 0], [1, 0], [1, 1], [0.5, 1]]))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def seen(
    number: int = 1, box: Box = PERSON, *, confidence: float = 0.9, label: str = "person", confirmed: bool = True
) -> Track:
    return Track(number, label, box, Detection(label, confidence, box), confirmed)


def unseen(number: int = 1, box: Box = PERSON) -> Track:
    return Track(number, "person", box)


def a_book(**rules: float) -> PresenceBook:
    return PresenceBook("cam_001", PresenceRules(**rules))  # type: ignore[arg-type]


def play(book: PresenceBook, *frames: tuple[float, list[Track]], zones=(), sharpness=None) -> list[PresenceUpdate]:
    told = []
    for seconds, tracks in frames:
        told += book.update(tracks, at=at(seconds), frame_size=SIZE, zones=zones, sharpness=sharpness)
    return told


def phases(updates: list[PresenceUpdate]) -> list[PresencePhase]:
    return [update.phase for update in updates]


def moved(box: Box, dx: float) -> Box:
    return Box(box.x1 + dx, box.y1, box.x2 + dx, box.y2)


def test_a_stay_starts_goes_on_and_ends():
    told = play(
        a_book(),
        (0.0, [seen()]),
        (0.5, [seen()]),
        (1.0, [seen()]),
        (1.5, [seen()]),
        (2.0, [unseen()]),
        (6.0, []),
    )
    assert phases(told) == [STARTED, CHANGED, ENDED]
    assert len({update.presence.id for update in told}) == 1
    ended = told[-1].presence
    assert (ended.started_at, ended.last_seen_at, ended.frames) == (at(0), at(1.5), 4)


def test_a_stay_counts_from_its_first_frame_and_its_id_follows_from_that():
    [started] = play(a_book(), (0.0, [seen(7)]), (0.5, [seen(7)]))
    assert started.presence.id == presence_id("cam_001", 7, int(T0.timestamp() * 1000))
    assert started.presence.started_at == at(0)
    assert started.presence.frames == 2


@pytest.mark.parametrize(
    ("rules", "frames", "starts_at"),
    [
        ({}, [0.0, 0.5, 1.0], 0.5),
        # At 25 fps two frames are an instant: time is asked for too.
        ({}, [0.0, 0.04, 0.08, 0.12, 0.2, 0.28, 0.32], 0.32),
        ({"min_frames": 3}, [0.0, 0.5, 1.0], 1.0),
        ({"min_s": 0.6}, [0.0, 0.5, 1.0], 1.0),
        ({"min_frames": 1, "min_s": 0}, [0.0, 0.5], 0.0),
    ],
)
def test_a_stay_starts_after_enough_frames_and_time(rules, frames, starts_at):
    told = play(a_book(**rules), *[(ts, [seen()]) for ts in frames])
    assert told[0].phase is STARTED
    assert told[0].presence.last_seen_at == at(starts_at)


def test_a_track_that_is_not_confirmed_is_not_told_of():
    book = a_book()
    assert play(book, *[(i / 2, [seen(confirmed=False)]) for i in range(6)]) == []
    assert phases(play(book, (3.0, [seen()]))) == [STARTED]
    assert book.open_presences()[0].started_at == at(0)


@pytest.mark.parametrize(
    ("confidence", "step_px", "told"),
    [(0.7, 0, True), (0.5, 0, False), (0.5, 20, True), (0.3, 20, False)],
    ids=["sure and still", "half sure and still", "half sure and walking", "hardly sure and walking"],
)
def test_what_is_half_believed_and_never_moves_is_furniture(confidence, step_px, told):
    frames = [(i / 2, [seen(box=moved(PERSON, i * step_px), confidence=confidence)]) for i in range(8)]
    assert bool(play(a_book(), *frames)) is told


def test_a_stay_outlasts_a_short_occlusion_and_not_a_long_one():
    book = a_book(lost_timeout_s=3)
    play(book, (0.0, [seen()]), (0.5, [seen()]))
    assert phases(play(book, (1.5, [unseen()]), (3.0, [seen()]))) == [CHANGED]
    assert phases(play(book, (5.9, [unseen()]))) == []
    assert phases(play(book, (6.1, [unseen()]))) == [ENDED]
    # Whoever comes back under the same number after that begins another stay.
    again = play(book, (7.0, [seen()]), (7.5, [seen()]))
    assert phases(again) == [STARTED]
    assert again[0].presence.started_at == at(7)


def test_a_track_the_tracker_gave_up_ends_at_once():
    assert phases(play(a_book(), (0.0, [seen()]), (0.5, [seen()]), (1.0, []))) == [STARTED, ENDED]


def test_a_stay_that_never_started_never_ends():
    assert play(a_book(), (0.0, [seen()]), (0.5, []), (9.0, [])) == []


def test_while_it_lasts_it_is_told_once_a_heartbeat():
    frames = [(i / 10, [seen()]) for i in range(41)]
    told = play(a_book(heartbeat_s=1), *frames)
    assert phases(told) == [STARTED] + [CHANGED] * 3
    times = [update.presence.last_seen_at for update in told]
    assert all((b - a).total_seconds() >= 1 for a, b in pairwise(times))


def test_entering_and_leaving_zones_is_told_at_once():
    frames = [(i / 10, [seen(box=moved(PERSON, 60 * i))]) for i in range(8)]
    told = play(a_book(heartbeat_s=60, better_shot=9), *frames, zones=[LEFT, RIGHT])
    assert phases(told) == [STARTED, CHANGED]
    assert {z.zone: z.inside for z in told[0].presence.zones} == {"left": True}
    assert {z.zone: z.inside for z in told[1].presence.zones} == {"left": False, "right": True}


def test_dwell_grows_while_it_stays_and_is_kept_at_the_end():
    told = play(a_book(), *[(i / 2, [seen()]) for i in range(7)], (9.0, []), zones=[LEFT])
    assert [update.presence.zones[0].dwell_s for update in told] == [0.5, 1.5, 2.5, 3.0]
    assert told[-1].presence.zones[0].inside is False


def test_the_best_shot_is_the_largest_surest_and_sharpest():
    book = a_book(heartbeat_s=60, better_shot=1.3)
    near = Box(100, 100, 180, 300)
    play(book, (0.0, [seen()]), (0.5, [seen()]))
    assert play(book, (0.6, [seen(confidence=0.95)])) == []
    assert play(book, (0.7, [seen(box=near)]), sharpness={1: 0.4}) == []
    [better] = play(book, (0.8, [seen(box=near)]))
    assert better.phase is CHANGED
    assert better.best_shot
    assert (better.presence.box, better.presence.confidence) == (near, 0.9)
    assert play(book, (0.9, [seen()])) == []
    assert book.open_presences()[0].box == near


def test_a_heartbeat_is_no_best_shot_and_a_start_is():
    told = play(a_book(), *[(i / 2, [seen()]) for i in range(5)])
    assert [update.best_shot for update in told] == [True, False]


def test_the_best_shot_keeps_the_size_of_the_picture_it_was_taken_from():
    book = a_book()
    play(book, (0.0, [seen()]), (0.5, [seen()]))
    small = [seen(box=PERSON.scaled(0.5, 0.5))]
    [update] = book.update(small, at=at(1.5), frame_size=(320, 240))
    assert (update.presence.frame_width, update.presence.frame_height) == SIZE
    assert update.presence.box == PERSON


def test_pictures_are_carried_until_the_end():
    book = a_book()
    [started] = play(book, (0.0, [seen()]), (0.5, [seen()]))
    book.keep_pictures(started.presence.id, snapshot="a/s.jpg", crop="a/c.jpg")
    book.keep_pictures("somebody else", snapshot="b/s.jpg", crop=None)
    [ended] = play(book, (9.0, []))
    assert (ended.presence.snapshot, ended.presence.crop) == ("a/s.jpg", "a/c.jpg")


def test_two_people_have_two_stays():
    told = play(a_book(), *[(i / 2, [seen(1), seen(2, moved(PERSON, 200))]) for i in range(2)])
    assert phases(told) == [STARTED, STARTED]
    assert len({update.presence.id for update in told}) == 2


def test_a_gap_ends_what_was_open_with_what_was_last_seen():
    book = a_book()
    play(book, (0.0, [seen(1)]), (0.5, [seen(1), seen(2)]))
    [ended] = book.reset()
    assert (ended.phase, ended.presence.last_seen_at) == (ENDED, at(0.5))
    assert book.reset() == []
    assert book.open_presences() == []


def test_another_process_carries_on_where_this_one_stopped():
    frames = [(i / 2, [seen(box=moved(PERSON, 30 * i)), seen(2, confidence=0.7)]) for i in range(12)]
    whole = play(a_book(), *frames, (20.0, []), zones=[LEFT, RIGHT])
    first, second = a_book(), a_book()
    told = play(first, *frames[:5], zones=[LEFT, RIGHT])
    second.restore(json.loads(json.dumps(first.snapshot())))
    told += play(second, *frames[5:], (20.0, []), zones=[LEFT, RIGHT])
    assert told == whole


@pytest.mark.parametrize("state", [{}, {"version": 9}, {"version": 1}, {"version": 1, "stays": [{}]}])
def test_a_state_that_cannot_be_read_is_refused_and_changes_nothing(state):
    book = a_book()
    play(book, (0.0, [seen()]), (0.5, [seen()]))
    with pytest.raises(ValueError, match="state"):
        book.restore(state)
    assert len(book.open_presences()) == 1


def test_a_frame_that_comes_late_turns_no_time_back():
    book = a_book()
    play(book, (0.0, [seen()]), (1.0, [seen()]), (0.5, [seen()]))
    [presence] = book.open_presences()
    assert presence.last_seen_at == at(1)


def test_the_fastest_it_has_been_is_told_and_outlives_a_restart():
    book = a_book()
    running = [(each / 5, [seen(box=moved(PERSON, 40 * each))]) for each in range(10)]
    standing = [(2 + each / 5, [seen(box=moved(PERSON, 360))]) for each in range(10)]
    told = play(book, *running, *standing)
    assert told[-1].presence.speed == pytest.approx(2.0, abs=0.01)
    carried_on = a_book()
    carried_on.restore(json.loads(json.dumps(book.snapshot())))
    assert carried_on.open_presences()[0].speed == told[-1].presence.speed


def test_a_state_that_knows_no_speed_is_carried_on():
    book = a_book()
    play(book, (0.0, [seen()]), (0.5, [seen()]))
    state = book.snapshot()
    del state["stays"][0]["speed"]
    carried_on = a_book()
    carried_on.restore(state)
    assert carried_on.open_presences()[0].speed == 0.0
