"""`python -m services.ingest.probe`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.ingest.clips import draw_clip


def probe(url: str, tmp_path: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, report, and all that was printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    done = subprocess.run(
        [sys.executable, "-m", "services.ingest.probe", "-", "--json", *options],
        input=url + "\n",
        env={**environment, "ARGUS_INGEST__FILE_ROOTS": str(tmp_path), "ARGUS_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stdout + done.stderr


def test_a_clip_is_described(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "a.mp4", seconds=6, gop=20)
    status, report, _ = probe(clip.as_uri(), tmp_path)
    assert status == 0
    assert report.pop("latency_ms") > 0
    assert report == {
        "ok": True,
        "url": clip.as_uri(),
        "codec": "h264",
        "width": 320,
        "height": 240,
        "fps": 10.0,
        "keyframe_interval_s": 2.0,
        "has_audio": False,
    }


def test_a_stream_that_ingest_will_not_take_is_not_called_well(tmp_path: Path) -> None:
    dot = draw_clip(tmp_path / "dot.mp4", seconds=2, size=(8, 8))
    status, report, _ = probe(dot.as_uri(), tmp_path)
    assert status == 1
    assert (report["fault"], report["detail"]) == (
        "unsupported_codec",
        "the picture has 8×8 pixels, 16×16 are the least",
    )


def test_a_recording_that_is_cut_short_says_so(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "cut.mp4", seconds=2)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    status, report, _ = probe(clip.as_uri(), tmp_path)
    assert status == 1
    assert (report["fault"], report["detail"]) == ("unsupported_codec", "what came is not video, or is cut short")


def test_a_dead_camera_is_given_up_in_time_and_its_password_never_printed(tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(4)
        began = time.monotonic()
        url = f"rtsp://anna:topsecret@127.0.0.1:{listening.getsockname()[1]}/live"
        status, report, printed = probe(url, tmp_path, "--timeout", "2")
    assert status == 1
    assert report["fault"] in ("stalled", "timeout")
    assert time.monotonic() - began < 20
    assert "topsecret" not in printed


def test_an_address_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    status, report, printed = probe("gopher://anna:topsecret@camera/", tmp_path)
    assert (status, report["ok"], report["fault"]) == (2, False, "invalid_url")
    assert "rtsp://" in report["detail"]
    assert "topsecret" not in printed
    assert "Traceback" not in printed
