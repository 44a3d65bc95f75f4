"""Trying a rule on a clip: the gateway asks, a real eye looks at it in a process of its own."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from redis import Redis
from werkzeug.test import TestResponse

from services.cli.demo.encoder import render
from services.cli.demo.scenes import scene
from services.eye.bootstrap import build
from services.eye.clip_looks import ClipLooks
from shared.messages.topics import CLIP
from shared.settings import Settings
from shared.settings.sections import EyeSettings
from tests.integration.ingest.clips import draw_clip
from tests.unit.gateway.installation import START, Api

_SESSION = (
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 51234 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)

Wait = Callable[..., object]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Somebody comes in, stops and leaves: 12 s."""
    file = tmp_path_factory.mktemp("clips") / "visit.mp4"
    render(scene("entrance", seconds=12, size=(960, 540), fps=5.0), file, truth=False)
    return file.read_bytes()


@pytest.fixture
def eye(
    api: Api, api_settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> Iterator[None]:
    """A real eye, which finds people with HOG."""
    monkeypatch.setenv("ARGUS_DATA_DIR", str(api_settings.data_dir))
    monkeypatch.setenv("ARGUS_EYE__BACKEND", "hog")
    service = build(api_settings.model_copy(update={"eye": EyeSettings(backend="hog")}))
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    wait_until(lambda: list(redis.scan_iter("live:eye:*")), 60, "the eye to be alive")
    yield
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def try_on(api: Api, clip: bytes, who: str = "alice", **fields: Any) -> TestResponse:
    data = {"clip": (io.BytesIO(clip), "clip.mp4"), **fields}
    return api.ask("POST", "/rules/dry-run", who=who, data=data, content_type="multipart/form-data")


def test_a_visit_fires_as_it_would_have_live(api: Api, eye: None, visit: bytes, redis: Redis) -> None:
    zone = {"name": "Everywhere", "points": [[0, 0], [1919, 0], [1919, 1079], [0, 1079]]}
    body = {"id": "cam_001", "name": "Door", "rtsp_url": "rtsp://127.0.0.1/x", "zones": [zone]}
    assert api.post("/cameras", body).status_code == 201
    rule = {"condition": {"labels": ["person"], "zone": "Everywhere", "dwell_s": 3}, "camera_id": "cam_001"}
    told = try_on(api, visit, rule=json.dumps(rule), began_at=f"{START:%Y-%m-%dT%H:%M:%SZ}")
    assert told.status_code == 200, told.json
    assert told.json is not None
    (event,) = told.json["events"]
    assert (event["detection_type"], event["zones"], event["cooling"]) == ("person", ["Everywhere"], False)
    assert told.json["since"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
    longer = try_on(api, visit, rule=json.dumps({"condition": {"dwell_s": 60}}))
    assert longer.json is not None
    assert longer.json["events"] == []
    assert longer.json["examined"] == 1
    assert not list(redis.scan_iter(CLIP.format(id="*")))


def test_steps_that_are_all_in_the_picture_are_told(api: Api, eye: None, visit: bytes) -> None:
    body = {"id": "cam_001", "name": "Door", "rtsp_url": "rtsp://127.0.0.1/x"}
    assert api.post("/cameras", body).status_code == 201
    steps = [{"condition": {"labels": ["person"], "dwell_s": dwell_s}} for dwell_s in (0, 3)]
    rule = json.dumps({"condition": {"kind": "sequence", "within_s": 10, "steps": steps}})
    told = try_on(api, visit, rule=rule, camera_id="cam_001")
    assert told.status_code == 200, told.json
    assert told.json is not None
    assert [event["detection_type"] for event in told.json["events"]] == ["person"]
    turned = json.dumps({"condition": {"kind": "sequence", "within_s": 0.5, "steps": steps[::-1]}})
    again = try_on(api, visit, rule=turned, camera_id="cam_001")
    assert again.json is not None
    assert (again.status_code, again.json["events"]) == (200, [])


def test_a_playlist_is_not_followed(api: Api, eye: None) -> None:
    answer = try_on(api, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", rule="{}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert "is neither MP4 nor MKV" in answer.json["message"]


@pytest.mark.parametrize("case", ["text", "session", "list", "cut", "sound", "huge", "long"])
def test_what_is_no_such_clip_is_refused_with_the_reason(
    api: Api, eye: None, visit: bytes, tmp_path: Path, case: str
) -> None:
    clips: dict[str, Callable[[], bytes]] = {
        "text": lambda: b"#EXTM3U\nfile:///etc/passwd\n",
        "session": lambda: _SESSION,
        "list": lambda: b"ffconcat version 1.0\nfile pyproject.toml\n",
        "cut": lambda: visit[: len(visit) // 3],
        "sound": lambda: b"RIFF$\x00\x00\x00WAVEfmt " + bytes(60),
        "huge": lambda: draw_clip(tmp_path / "huge.mp4", seconds=0.2, size=(2560, 1440)).read_bytes(),
        "long": lambda: draw_clip(tmp_path / "long.mp4", seconds=62, size=(160, 120)).read_bytes(),
    }
    answer = try_on(api, clips[case](), rule="{}")
    assert answer.status_code == 400, answer.json
    assert answer.json is not None
    assert "'clip'" in answer.json["message"]
    if case in ("text", "session", "list", "sound"):
        assert "is neither MP4 nor MKV" in answer.json["message"]


def test_matroska_is_looked_at_too(api: Api, eye: None, tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "still.mkv", seconds=2, size=(320, 240)).read_bytes()
    answer = try_on(api, clip, rule="{}")
    assert (answer.status_code, answer.json and answer.json["events"]) == (200, [])


def test_pictures_that_grow_on_the_way_are_refused(api: Api, eye: None, tmp_path: Path) -> None:
    small, large = (
        draw_clip(tmp_path / f"{side}.h264", seconds=1, size=(side, side), format_name="h264") for side in (160, 2048)
    )
    joined = tmp_path / "joined.h264"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    answer = try_on(api, _in_matroska(joined, tmp_path / "grows.mkv"), rule="{}")
    assert answer.status_code == 400, answer.json
    assert answer.json is not None
    assert "2048 × 2048 pixels" in answer.json["message"]


def _in_matroska(raw: Path, file: Path) -> bytes:
    """The stream in a file whose head tells of the first pictures only."""
    with av.open(str(raw)) as given, av.open(str(file), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for number, packet in enumerate(given.demux(video=0)):
            if packet.size:
                packet.stream = stream
                packet.pts = packet.dts = number
                packet.time_base = Fraction(1, 10)
                made.mux(packet)
    return file.read_bytes()


def test_without_an_eye_that_is_said(api: Api, visit: bytes) -> None:
    answer = try_on(api, visit, rule="{}")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "'eye' does not run" in answer.json["message"]


def test_a_form_names_one_rule_that_can_be_read(api: Api, visit: bytes) -> None:
    for fields in ({}, {"rule": "{}", "rule_id": "rule_001"}, {"rule": "{"}, {"rule": '{"severity": 9}'}):
        assert try_on(api, visit, **fields).status_code == 400
    assert try_on(api, visit, rule_id="rule_404").status_code == 404
    assert try_on(api, visit, rule="{}", camera_id="cam_404").status_code == 404
    assert try_on(api, visit, who="eve", rule="{}").status_code == 403


def test_one_clip_is_looked_at_at_a_time_and_a_death_is_no_more_than_an_answer(
    api: Api, redis: Redis, visit: bytes, tmp_path: Path, wait_until: Wait
) -> None:
    redis.hset("live:eye:x", "at", "now")
    began, go = tmp_path / "began", tmp_path / "go"
    dies = f"""
import os, pathlib, time
pathlib.Path({str(began)!r}).touch()
while not os.path.exists({str(go)!r}): time.sleep(0.02)
os.kill(os.getpid(), 9)
"""
    looks = ClipLooks(
        redis, zones=lambda _: (), owned=lambda: range(16), shards=16, command=[sys.executable, "-c", dies]
    )
    looks.start()
    answers: list[TestResponse] = []
    first = threading.Thread(target=lambda: answers.append(try_on(api, visit, rule="{}")))
    try:
        first.start()
        wait_until(began.exists, 60, "the first clip to be looked at")
        busy = try_on(api, visit, rule="{}")
        go.touch()
        first.join(timeout=30)
    finally:
        go.touch()
        looks.stop()
        redis.delete("live:eye:x")
    assert busy.status_code == 503
    assert busy.json is not None
    assert "looks at another clip" in busy.json["message"]
    assert answers[0].status_code == 400
