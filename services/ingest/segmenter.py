"""One session's packets cut into segments. No threads; blocks on the disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from services.ingest.footage import segment_path
from services.ingest.remux import SegmentFile, Template, part_of
from services.ingest.source import VideoPacket

Size = tuple[int, int]

# Keyframes come by the camera's clock, a little early or late by ours. Where all are keyframes, another comes soon.
_EARLY_SHARE, _EARLY_SHARE_INTRA = 0.05, 0.001


class Segmenter:
    """Segments begin on keyframes: the first one `segment_s` after the last cut, or where the pictures change.

    `place` tells where a path of the media store lies on this machine. What comes before the first keyframe belongs
    to no segment. Any method may raise `FFmpegError`, `OSError` or `ValueError`; the next keyframe begins anew.
    """

    def __init__(self, template: Template, *, camera: str, segment_s: float, place: Callable[[str], Path]) -> None:
        self._template = template
        self._camera = camera
        self._shortest_s = segment_s * (1 - (_EARLY_SHARE_INTRA if template.intra_only else _EARLY_SHARE))
        self._place = place
        self._file: SegmentFile | None = None
        self._began_s = 0.0
        self._day, self._folder = "", Path()
        self._parameters = b""
        self._size: Size | None = None

    @property
    def open(self) -> bool:
        return self._file is not None

    def write(self, packet: VideoPacket, *, at_s: float, size: Size) -> None:
        """`at_s` is the packet's place on the wall clock; `size` of the pictures, (0, 0) while it is not known."""
        if packet.is_keyframe or self._template.intra_only:
            changed = self._changed(packet, size)
            if changed or self._file is None or at_s - self._began_s >= self._shortest_s:
                self.close()
                self._file, self._began_s = SegmentFile(self._free_path(at_s), self._template), at_s
        if self._file is not None:
            try:
                self._file.write(packet)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Finish the open segment, if any."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _changed(self, packet: VideoPacket, size: Size) -> bool:
        """Whether the keyframe is the first of another kind of pictures; if so the template has learnt it."""
        parameters = self._template.parameters_in(packet)
        if parameters and parameters != self._parameters:
            first, self._parameters = not self._parameters, parameters
            self._template.change(parameters, packet)
            return not first
        if not self._parameters and all(size) and size != self._size:
            first, self._size = self._size is None, size
            return not first
        return False

    def _free_path(self, at_s: float) -> Path:
        began, again = datetime.fromtimestamp(at_s, UTC), 0
        while True:
            segment = segment_path(self._camera, began, suffix=self._template.suffix, again=again)
            day, _, name = segment.rpartition("/")
            if day != self._day:
                self._day, self._folder = day, self._place(day)
            path = self._folder / name
            if not path.exists() and not part_of(path).exists():
                return path
            again += 1
