"""`python -m services.ingest.probe URL`: open a camera once and say what it sends, or why not.

A process of its own, so that a stream which hangs or crashes a decoder takes nothing with it. `-` in place of the
URL reads it from the standard input, where nobody else on the machine can see its password.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from av.video.frame import VideoFrame

from services.ingest.decoding import RunningDecoder
from services.ingest.faults import SourceFailed, classify
from services.ingest.pictures import PictureMaker
from services.ingest.session import declared_fps
from services.ingest.source import Source, SourceOptions, make_source
from shared.domain.camera import CameraFault
from shared.domain.camera_url import CameraUrl, mask_url
from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.settings import load_settings

_ENOUGH_KEYFRAMES = 3
_LONGEST_LOOK_S = 6.0
_REPORT_RESERVE_S = 0.5
_PERHAPS_THE_AUDIO = (CameraFault.NETWORK, CameraFault.NOT_FOUND, CameraFault.UNSUPPORTED_CODEC)
_LARGEST_SIDE, _JPEG_QUALITY = 1920, 85


@dataclass(slots=True)
class Findings:
    """What has been learnt so far. A stream of any kind is told of once one picture could be decoded."""

    codec: str = ""
    width: int = 0
    height: int = 0
    declared_fps: float = 0.0
    has_audio: bool | None = None
    latency_ms: int | None = None
    keyframes_s: list[float] = field(default_factory=list)
    packets_s: list[float] = field(default_factory=list)

    def see(self, frame: VideoFrame, *, after_s: float) -> None:
        """Take note of the first picture. Raises `SourceFailed` for one that ingest will not take."""
        PictureMaker(max_side=_LARGEST_SIDE, jpeg_quality=_JPEG_QUALITY).tiny(frame)
        self.width, self.height = frame.width, frame.height
        self.latency_ms = round(after_s * 1000) if self.latency_ms is None else self.latency_ms

    @property
    def fps(self) -> float:
        """As measured, else as declared."""
        span_s = max(self.packets_s, default=0.0) - min(self.packets_s, default=0.0)
        enough = len(self.packets_s) > self.declared_fps and span_s > 0
        return (len(self.packets_s) - 1) / span_s if enough else self.declared_fps

    @property
    def keyframe_interval_s(self) -> float | None:
        """The usual time between two keyframes, or None when only one was seen."""
        gaps = [later - earlier for earlier, later in zip(self.keyframes_s, self.keyframes_s[1:], strict=False)]
        return round(max(gaps), 3) if gaps else None

    def report(self, masked: str) -> dict[str, Any]:
        return {
            "ok": True,
            "url": masked,
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "fps": round(self.fps, 2),
            "keyframe_interval_s": self.keyframe_interval_s,
            "has_audio": self.has_audio,
            "latency_ms": self.latency_ms,
        }


def probe(address: CameraUrl, *, timeout_s: float, at_end: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """The report on the address. Blocks for `timeout_s` at most; raises nothing.

    A connection that hangs is given up, not ended: `at_end` is called once the thread that holds it has let go.
    """
    address = replace(address, realtime=False, loop=False)
    ended = threading.Event()
    reports: list[dict[str, Any]] = []
    findings = Findings()

    def look() -> None:
        try:
            _look(address, findings, timeout_s=timeout_s)
            reports.append(findings.report(address.masked))
        except SourceFailed as failure:
            reports.append(_failed(failure, address.masked))
        except Exception as error:  # noqa: BLE001 – thread boundary: whatever happens becomes the report
            reports.append(_failed(classify(error), address.masked))
        finally:
            ended.set()
            at_end()

    threading.Thread(target=look, name="probe", daemon=True).start()
    if not ended.wait(timeout_s):
        if findings.width:
            return findings.report(address.masked)
        reports.append(_failed(SourceFailed(CameraFault.TIMEOUT, f"no picture within {timeout_s:g} s"), address.masked))
    return reports[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 when the camera works, 1 when not, 2 when the address cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m services.ingest.probe", description=__doc__)
    parser.add_argument("url", help="the camera's address, or - to read it from the standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--timeout", type=float, default=15.0, metavar="SECONDS")
    given = parser.parse_args(arguments)
    text = sys.stdin.readline().strip() if given.url == "-" else given.url
    try:
        address = CameraUrl.parse(text, file_roots=load_settings().file_roots)
    except UserError as error:
        fault = CameraFault.INVALID_URL.value
        _print({"ok": False, "url": mask_url(text), "fault": fault, "detail": str(error)}, as_json=given.json)
        return USER_ERROR_STATUS
    report = probe(address, timeout_s=max(0.5, given.timeout))
    _print(report, as_json=given.json)
    return 0 if report["ok"] else 1


def _look(address: CameraUrl, findings: Findings, *, timeout_s: float) -> None:
    until = time.monotonic() + max(0.5, timeout_s - _REPORT_RESERVE_S)
    try:
        _open(address, findings, until=until, audio=True)
    except SourceFailed as failure:
        # An RTSP camera may refuse its sound; whether its video is to be had is what counts.
        refusable = address.scheme.startswith("rtsp") and failure.fault in _PERHAPS_THE_AUDIO
        if not refusable or findings.width or time.monotonic() > until:
            raise
        _open(address, findings, until=until, audio=False)
    if not findings.width:
        raise SourceFailed(CameraFault.UNSUPPORTED_CODEC, "no picture could be decoded")


def _open(address: CameraUrl, findings: Findings, *, until: float, audio: bool) -> None:
    left_s = max(0.5, until - time.monotonic())
    options = SourceOptions(connect_timeout_s=left_s, stall_timeout_s=left_s, audio=audio)
    source = make_source(address, options=options)
    try:
        _read(source, findings, until=time.monotonic() + min(left_s, _LONGEST_LOOK_S))
    finally:
        source.close()


def _read(source: Source, findings: Findings, *, until: float) -> None:
    began = time.monotonic()
    stream = source.open()
    findings.has_audio = source.has_audio
    findings.codec = stream.codec_context.codec.canonical_name
    findings.declared_fps = declared_fps(stream)
    decoder = RunningDecoder(stream)
    for packet in source.packets():
        ticks = packet.pts if packet.pts is not None else packet.dts
        at_s = float(ticks * packet.time_base) if ticks is not None and packet.time_base else 0.0
        findings.packets_s.append(at_s)
        if packet.is_keyframe:
            findings.keyframes_s.append(at_s)
        if not findings.width and findings.keyframes_s:
            for frame, _ in decoder.decode(packet, at_s):
                findings.see(frame, after_s=time.monotonic() - began)
        if findings.width and (len(findings.keyframes_s) >= _ENOUGH_KEYFRAMES or time.monotonic() > until):
            return
    for frame, _ in () if findings.width else decoder.drain():
        findings.see(frame, after_s=time.monotonic() - began)


def _failed(failure: SourceFailed, masked: str) -> dict[str, Any]:
    return {"ok": False, "url": masked, "fault": failure.fault.value, "detail": failure.detail}


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {value}\n" for name, value in report.items() if value is not None)
    sys.stdout.flush()


if __name__ == "__main__":
    # The looking thread may still wait for a dead camera; an ordinary exit would wait for the interpreter's end.
    os._exit(main())
