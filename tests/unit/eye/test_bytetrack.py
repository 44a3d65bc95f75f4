"""The tracker in scenes that break association by overlap: few frames, crossings, occlusion, gaps."""

from __future__ import annotations

import json
from itertools import accumulate, cycle, islice

import pytest

from services.eye.tracker import Tracker, load_tracker
from shared.domain.box import Box
from shared.domain.detection import Detection
from tests.unit.eye.scenes import (
    BODY,
    HEIGHT,
    WALK,
    WIDTH,
    Walker,
    detections,
    every,
    hidden,
    picture,
    straight,
    watch,
)

BLUE, GREEN, RED = (200, 60, 40), (60, 180, 60), (40, 40, 210)
FRAME = (WIDTH, HEIGHT)


@pytest.fixture
def tracker() -> Tracker:
    return load_tracker()


@pytest.mark.parametrize("fps", [25, 10, 5, 2, 1])
@pytest.mark.parametrize("pace", [0.0, 0.5, 1.0, 2.0], ids=["standing", "strolling", "walking", "hurrying"])
def test_somebody_keeps_one_number_at_any_pace_and_frame_rate(tracker, fps, pace):
    walker = Walker("one", straight(60, vx=pace * WALK))
    assert len(watch(tracker, [walker], every(1 / fps, 3))["one"]) == 1


def test_a_runner_who_never_overlaps_himself_keeps_his_number(tracker):
    walker = Walker("one", straight(60, vx=3 * BODY))
    assert len(watch(tracker, [walker], every(0.4, 1.6))["one"]) == 1


@pytest.mark.parametrize("interval_s", [0.04, 0.1, 0.2, 0.5])
def test_people_who_cross_keep_their_numbers(tracker, interval_s):
    people = [
        Walker("left", straight(80), BLUE),
        Walker("right", straight(560, y=246, vx=-WALK), GREEN),
    ]
    given = watch(tracker, people, every(interval_s, 5))
    assert len(given["left"]) == len(given["right"]) == 1
    assert given["left"] != given["right"]


def test_people_who_cross_are_told_apart_by_their_motion_alone(tracker):
    people = [Walker("left", straight(80)), Walker("right", straight(560, y=246, vx=-WALK))]
    given = watch(tracker, people, every(0.1, 5), blind=True)
    assert len(given["left"]) == len(given["right"]) == 1


def test_a_queue_whose_steps_are_longer_than_its_gaps_is_not_shifted_by_one(tracker):
    # At 2 fps each stands, on the next frame, just where the one ahead stood: overlap alone takes them for it.
    colours = [BLUE, GREEN, RED, (30, 30, 30)]
    queue = [Walker(str(i), straight(60 + 0.4 * BODY * i), colour) for i, colour in enumerate(colours)]
    given = watch(tracker, queue, every(0.5, 3))
    assert [len(numbers) for numbers in given.values()] == [1, 1, 1, 1]
    assert len({numbers[0] for numbers in given.values()}) == 4


@pytest.mark.parametrize("interval_s", [0.1, 0.5])
def test_who_comes_out_from_behind_a_pillar_has_the_number_he_went_in_with(tracker, interval_s):
    walker = Walker("one", hidden(straight(60), 2, 4))
    assert len(watch(tracker, [walker], every(interval_s, 6))["one"]) == 1


def test_somebody_else_who_comes_out_from_behind_the_pillar_has_another_number(tracker):
    people = [
        Walker("in", hidden(straight(60), 2, 99), BLUE),
        Walker("out", hidden(straight(60), 0, 4), RED),
    ]
    given = watch(tracker, people, every(0.2, 6))
    assert given["in"] != given["out"]


def test_nobody_is_found_again_after_the_lost_time(tracker):
    walker = Walker("one", hidden(straight(300, vx=0), 2, 8))
    assert len(watch(tracker, [walker], every(0.5, 10))["one"]) == 2


def test_uneven_gaps_between_frames_do_not_matter(tracker):
    gaps = [0.1, 1.0, 0.2, 0.7, 0.04, 0.5]
    times = list(accumulate(islice(cycle(gaps), 14), initial=0.0))
    walker = Walker("one", straight(60, vx=0.6 * WALK))
    assert len(watch(tracker, [walker], times)["one"]) == 1


def test_what_jumps_across_the_picture_is_somebody_else(tracker):
    walker = Walker("one", lambda ts: (60, 240) if ts < 2 else (580, 240))
    assert len(watch(tracker, [walker], every(0.5, 4))["one"]) == 2


def test_who_leaves_over_the_edge_does_not_come_back_as_the_next_to_enter(tracker):
    people = [
        Walker("leaves", straight(520), BLUE),
        Walker("enters", hidden(straight(920, vx=-WALK), 0, 3.6), BLUE),
    ]
    given = watch(tracker, people, every(0.2, 6))
    assert len(given["leaves"]) == len(given["enters"]) == 1
    assert given["leaves"] != given["enters"]


def test_a_weak_detection_carries_on_a_track_and_never_begins_one(tracker):
    def seen(confidence: float, ts: float) -> list[int]:
        weak = Detection("person", confidence, Box(100, 100, 140, 200))
        tracks = tracker.update([weak], ts=ts, frame_size=FRAME)
        return [track.track_id for track in tracks if track.detection is not None]

    assert seen(0.2, 0.0) == []
    first = seen(0.9, 0.1)
    assert len(first) == 1
    assert [seen(0.2, ts) for ts in (0.2, 0.3, 0.4)] == [first] * 3


def test_a_flicker_is_never_confirmed(tracker):
    flicker = [Detection("person", 0.9, Box(100, 100, 140, 200))]
    for i in range(5):
        tracks = tracker.update(flicker if i % 4 == 0 else [], ts=i * 0.5, frame_size=FRAME)
        assert not any(track.confirmed for track in tracks)


def test_a_second_box_around_the_same_person_begins_nothing(tracker):
    person, double = Box(100, 100, 140, 200), Box(96, 90, 146, 202)
    for i in range(4):
        tracker.update([Detection("person", 0.9, person)], ts=i * 0.2, frame_size=FRAME)
    both = [Detection("person", 0.9, person), Detection("person", 0.6, double)]
    assert len(tracker.update(both, ts=0.8, frame_size=FRAME)) == 1


def test_a_van_that_is_called_a_truck_now_and_then_stays_one_vehicle(tracker):
    box, labels = Box(100, 100, 300, 200), ["car", "truck", "car", "car"]
    numbers = set()
    for i, label in enumerate(labels):
        both = [Detection(label, 0.8, box), Detection("bus", 0.5, box)]
        tracks = tracker.update(both, ts=i * 0.5, frame_size=FRAME)
        numbers |= {track.track_id for track in tracks}
    assert len(numbers) == 1
    assert tracks[0].label == "car"


def test_a_dog_is_not_taken_for_the_person_who_stood_there(tracker):
    box = Box(100, 100, 150, 180)
    numbers = []
    for i, label in enumerate(["person", "person", "dog", "dog"]):
        tracks = tracker.update([Detection(label, 0.8, box)], ts=i * 0.5, frame_size=FRAME)
        numbers.append(next(track.track_id for track in tracks if track.detection is not None))
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_a_camera_that_changes_its_resolution_shows_the_same_people(tracker):
    walker, numbers = Walker("one", straight(60)), set()
    for i, ts in enumerate(every(0.2, 2)):
        scale = 1.0 if i < 5 else 1.5
        large = [Detection(d.label, d.confidence, d.box.scaled(scale, scale)) for d in detections([walker], ts)]
        size = (int(WIDTH * scale), int(HEIGHT * scale))
        tracks = tracker.update(large, ts=ts, image=picture([walker], ts), frame_size=size)
        numbers |= {track.track_id for track in tracks}
    assert len(numbers) == 1


def test_a_clip_that_starts_over_has_new_people(tracker):
    walker = Walker("one", straight(300, vx=0))
    first = watch(tracker, [walker], every(0.5, 10))["one"]
    second = watch(tracker, [walker], every(0.5, 10))["one"]
    assert set(first).isdisjoint(second)


def test_a_clock_that_is_set_back_a_little_loses_nobody(tracker):
    walker = Walker("one", straight(300, vx=0))
    assert len(watch(tracker, [walker], [0, 0.5, 1.0, 0.6, 1.1, 1.6])["one"]) == 1


def test_a_restart_does_not_make_somebody_begin_to_count_again():
    settings, person = {"min_hits": 3}, [Detection("person", 0.9, Box(100, 100, 140, 200))]
    tracker = load_tracker(settings=settings)
    for i in range(3):
        [track] = tracker.update(person, ts=i * 0.3, frame_size=FRAME)
        successor = load_tracker(settings=settings)
        successor.restore(json.loads(json.dumps(tracker.snapshot())))
        tracker = successor
    assert track.confirmed


def test_the_state_of_a_street_is_small_enough_to_be_saved_after_every_frame(tracker):
    crowd = [Walker(str(i), straight(30 + 30 * i, 150 + 10 * i, vx=0)) for i in range(20)]
    watch(tracker, crowd, every(0.5, 2))
    assert len(json.dumps(tracker.snapshot(), separators=(",", ":"))) < 20 * 600
