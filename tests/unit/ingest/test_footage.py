"""Where footage lies, and what of it is due to go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.ingest.footage import expired, oldest_first, segment_path, started_at

_AT = datetime(2026, 3, 1, 0, 30, 5, tzinfo=UTC)


def a_store(paths: Iterable[str]):
    """The folders and files below each folder, and a record of which folders were listed."""
    listed: list[str] = []

    def names(folder: str) -> list[str]:
        listed.append(folder)
        below = {path[len(folder) + 1 :].split("/")[0] for path in paths if path.startswith(folder + "/")}
        return sorted(below)

    return names, listed


def test_a_segment_is_named_after_its_camera_and_its_beginning_in_utc():
    assert segment_path("gate", _AT) == "segments/gate/2026/03/01/003005.mp4"
    in_madrid = _AT.astimezone(timezone(timedelta(hours=1)))
    assert segment_path("gate", in_madrid, suffix=".mkv", again=2) == "segments/gate/2026/03/01/003005-2.mkv"


@pytest.mark.parametrize("again", [0, 1, 12])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_beginning_can_be_read_from_the_name(suffix, again):
    assert started_at(segment_path("cam-1", _AT, suffix=suffix, again=again)) == _AT


@pytest.mark.parametrize(
    "path",
    [
        "segments/gate/2026/03/01/003005.txt",
        "segments/gate/2026/03/01/.003005.mp4.part",
        "segments/gate/2026/13/01/003005.mp4",
        "segments/gate/2026/02/30/003005.mp4",
        "segments/gate/2026/03/01/993005.mp4",
        "segments/gate/note.mp4",
        "segments/gate",
        "",
    ],
)
def test_what_is_no_segment_has_no_beginning(path):
    assert started_at(path) is None


@pytest.mark.parametrize(
    ("keep_h", "gone"),
    [(0.5, 5), (1, 4), (1.5, 4), (2, 3), (25, 1), (48, 0)],
)
def test_segments_older_than_the_retention_are_due_oldest_first(keep_h, gone):
    ages_h = [26, 25, 2.1, 2, 0.6, 0.1]
    now = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    paths = [segment_path("gate", now - timedelta(hours=age)) for age in ages_h]
    due = list(expired(paths, now=now, keep=timedelta(hours=keep_h)))
    assert due == paths[: sum(age > keep_h for age in ages_h)]
    assert len(due) == gone


def test_nothing_but_segments_is_ever_due():
    now = _AT + timedelta(days=1000)
    paths = ["segments/gate/2026/03/01/keep-me.mp4", segment_path("gate", _AT), "segments/gate/2026/03/01/notes.txt"]
    assert list(expired(paths, now=now, keep=timedelta(hours=1))) == [paths[1]]


def test_what_is_young_is_not_even_listed():
    paths = [segment_path("gate", _AT + timedelta(days=day)) for day in range(10)]
    names, listed = a_store(paths)
    now = _AT + timedelta(days=10)
    due = list(expired(oldest_first(names, camera="gate"), now=now, keep=timedelta(days=8, hours=12)))
    assert due == paths[:2]
    assert sum(folder.count("/") == 4 for folder in listed) == 3


def test_segments_of_all_cameras_come_by_age_and_those_of_one_second_in_order():
    begun = [("b", 0, 0), ("a", 1, 0), ("a", 1, 1), ("a", 1, 10), ("b", 40, 0), ("a", 90_000, 0)]
    paths = [segment_path(camera, _AT + timedelta(seconds=at_s), again=again) for camera, at_s, again in begun]
    names, _ = a_store([*reversed(paths), "segments/a/lost+found/x.mp4", "segments/a/2026/03/01/notes.txt"])
    assert list(oldest_first(names)) == paths
