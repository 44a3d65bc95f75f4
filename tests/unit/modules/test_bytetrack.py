"""`bytetrack`: which object of a picture is which track of its camera."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.modules.specialists.bytetrack.present import Present, matched, present_tracks
from shared.domain.box import Box
from shared.domain.detection import Detection

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STATE = {
    "last_at": AT.isoformat(),
    "size": [200, 100],
    "tracks": [{"id": 7, "label": "person", "box": [20.0, 10.0, 40.0, 90.0]}],
}


def test_tracks_are_read_in_shares_of_the_picture() -> None:
    [one] = present_tracks(json.dumps(STATE).encode(), at=AT + timedelta(seconds=4), within_s=5)
    assert (one.track_id, one.label) == (7, "person")
    assert one.box.as_xyxy() == pytest.approx((0.1, 0.1, 0.2, 0.9))


@pytest.mark.parametrize(
    "state",
    [
        None,
        b"",
        b"no json",
        b"[]",
        json.dumps({**STATE, "size": None}).encode(),
        json.dumps({**STATE, "size": [0, 0]}).encode(),
        json.dumps({**STATE, "last_at": None}).encode(),
        json.dumps({name: value for name, value in STATE.items() if name != "tracks"}).encode(),
        json.dumps({**STATE, "last_at": (AT - timedelta(seconds=6)).isoformat()}).encode(),
    ],
)
def test_a_state_that_is_old_or_cannot_be_read_has_no_tracks(state: bytes | None) -> None:
    assert present_tracks(state, at=AT, within_s=5) == ()


def test_each_track_goes_to_the_box_that_overlaps_it_most() -> None:
    present = [Present(7, "person", Box(0.0, 0.0, 0.5, 1.0)), Present(9, "person", Box(0.5, 0.0, 1.0, 1.0))]
    detections = [
        Detection("person", 0.9, Box(105, 0, 200, 100)),
        Detection("person", 0.9, Box(0, 0, 90, 100)),
        Detection("person", 0.5, Box(0, 0, 20, 20)),
    ]
    assert matched(detections, present, size=(200, 100), least_iou=0.3) == {0: 9, 1: 7}
    assert matched(detections[2:], present, size=(200, 100), least_iou=0.3) == {}
    assert matched([], present, size=(200, 100), least_iou=0.3) == {}
