"""What every tracker keeps to, whatever it does inside."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from services.eye.tracker import Tracker, load_tracker
from services.eye.trackers import CATALOGUE
from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from tests.unit.eye.scenes import HEIGHT, WALK, WIDTH, Walker, detections, every, picture, straight

FRAME = (WIDTH, HEIGHT)
PEOPLE = [
    Walker("left", straight(80), (200, 60, 40)),
    Walker("right", straight(560, vx=-WALK), (60, 180, 60)),
    Walker("still", straight(320, 380, vx=0), (40, 40, 210)),
]


@pytest.fixture(params=sorted(CATALOGUE))
def new(request: pytest.FixtureRequest) -> Callable[[], Tracker]:
    return lambda: load_tracker(request.param)


def play(tracker: Tracker, times: list[float]) -> list[list[tuple[int, str, bool, bool]]]:
    """What the tracker tells of the people at each time."""
    told = []
    for ts in times:
        tracks = tracker.update(detections(PEOPLE, ts), ts=ts, image=picture(PEOPLE, ts), frame_size=FRAME)
        told.append([(track.track_id, track.label, track.seen, track.confirmed) for track in tracks])
    return told


def test_an_empty_scene_has_no_tracks(new):
    assert [new().update([], ts=ts, frame_size=FRAME) for ts in (0.0, 1.0)] == [[], []]


def test_every_track_has_its_own_number_and_a_detection_where_it_was_seen(new):
    tracker = new()
    for ts in every(0.2, 2):
        found = detections(PEOPLE, ts)
        tracks = tracker.update(found, ts=ts, image=picture(PEOPLE, ts), frame_size=FRAME)
        assert len({track.track_id for track in tracks}) == len(tracks)
        claimed = [track.detection for track in tracks if track.detection is not None]
        assert len(claimed) == len({id(detection) for detection in claimed})
        assert all(any(detection is one for one in found) for detection in claimed)
    assert all(track.confirmed for track in tracks)


def test_the_same_frames_give_the_same_tracks(new):
    assert play(new(), every(0.2, 3)) == play(new(), every(0.2, 3))


def test_a_track_that_is_not_seen_is_still_told_of_for_a_while(new):
    tracker = new()
    play(tracker, every(0.2, 2))
    after = tracker.update([], ts=2.2, frame_size=FRAME)
    assert len(after) == len(PEOPLE)
    assert not any(track.seen for track in after)


def test_after_a_reset_nobody_is_known_and_no_number_is_given_out_again(new):
    tracker = new()
    before = {number for frame in play(tracker, every(0.2, 1)) for number, *_ in frame}
    tracker.reset()
    assert tracker.update([], ts=1.2, frame_size=FRAME) == []
    after = {number for frame in play(tracker, [1.4, 1.6]) for number, *_ in frame}
    assert after
    assert before.isdisjoint(after)


def test_another_process_carries_on_where_this_one_stopped(new):
    times = every(0.2, 4)
    whole = play(new(), times)
    first, second = new(), new()
    play(first, times[:10])
    second.restore(json.loads(json.dumps(first.snapshot())))
    assert play(second, times[10:]) == whole[10:]


def test_taking_a_snapshot_changes_nothing(new):
    watched, alone, times = new(), new(), every(0.2, 3)
    for ts in times:
        assert play(watched, [ts]) == play(alone, [ts])
        watched.snapshot()


@pytest.mark.parametrize("state", [{}, {"version": 0}, {"version": 1}, {"version": 1, "tracks": [{}]}])
def test_a_state_that_cannot_be_read_is_refused_and_changes_nothing(new, state):
    tracker = new()
    before = play(tracker, [0.0, 0.2])[-1]
    with pytest.raises(ValueError, match="state"):
        tracker.restore(state)
    assert [row[0] for row in play(tracker, [0.4])[-1]] == [row[0] for row in before]


def test_it_works_without_a_picture_and_without_a_frame_size(new):
    tracker = new()
    for ts in every(0.2, 1):
        tracks = tracker.update(detections(PEOPLE, ts), ts=ts)
    assert len(tracks) == len(PEOPLE)


@pytest.mark.parametrize(
    "box",
    [Box(5, 5, 5, 5), Box(-50, -50, -10, -10), Box(0, 0, WIDTH, HEIGHT), Box(0, 0, 0.5, 0.5), Box(9e5, 0, 1e6, 9)],
    ids=["empty", "outside", "everything", "tiny", "far away"],
)
def test_strange_boxes_do_no_harm(new, box):
    tracker, image = new(), picture(PEOPLE, 0)
    for ts in every(0.5, 2):
        tracks = tracker.update([Detection("person", 0.9, box)], ts=ts, image=image, frame_size=FRAME)
        assert len(tracks) <= 1


def test_an_unknown_setting_is_refused_with_the_nearest_name(new):
    name = next(iter(CATALOGUE))
    with pytest.raises(UserError, match="lost_s"):
        load_tracker(name, settings={"lost_ss": 1})


def test_an_unknown_tracker_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean 'bytetrack'"):
        load_tracker("bytetrak")
