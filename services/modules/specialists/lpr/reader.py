"""Plates in one picture: find lines, straighten them, read them, keep what a grammar accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.candidates import around, beside, promising, stacked, whole
from services.modules.specialists.lpr.chinese import ChineseReader
from services.modules.specialists.lpr.grammar import Expected, Fit, best_fit
from services.modules.specialists.lpr.hints import hints_of
from services.modules.specialists.lpr.panel import on_panel
from services.modules.specialists.lpr.plate_boxes import PlateBoxes
from services.modules.specialists.lpr.reading import Reading, joined
from services.modules.specialists.lpr.recogniser import Recogniser
from services.modules.specialists.lpr.rectification import grown, on_blue_or_green, readable, strip
from services.modules.specialists.lpr.refusals import refused
from services.modules.specialists.lpr.settings import LprSettings
from services.modules.specialists.lpr.sighting import Sighting
from services.modules.specialists.lpr.text_lines import TextLine, TextLines
from services.modules.specialists.lpr.voting import Vote, alike, consensus
from shared.vision.pictures import cut
from shared.vision.suppression import covered

_SURE = 0.9
_LEAST_GLYPHS = 3
_MOST_BOXES = 8
_BOX_MARGIN = 0.2
_FIRST_CHINESE = 0x2E80
_NO_HINTS: frozenset[str] = frozenset()
_SAME_PLACE = 0.5
_AGREES = 0.6
_SHORT = 5
_FURTHER = 0.8
_NEARLY = 0.85


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look at a picture: `pixels` at first, `closer_pixels` for each of `closer` second looks at a part.

    `lines` bounds how many lines are read per look. `again_pixels` is for a whole second look when nothing was found
    (0: none).
    """

    pixels: int
    lines: int
    closer: int
    closer_pixels: int = 90_000
    again_pixels: int = 0


@dataclass(frozen=True, slots=True)
class _View:
    """How a line is cut out to be read: grown by shares of its height, then widened and smoothed."""

    across: float
    down: float
    stretch: float
    blur: float


_VIEWS = (_View(0.2, 0.0, 1.2, 2.0), _View(0.2, -0.1, 1.4, 1.5), _View(0.0, 0.0, 1.2, 1.0))

VEHICLE = Effort(pixels=150_000, lines=5, closer=2, closer_pixels=60_000, again_pixels=300_000)
_PLATE = Effort(pixels=50_000, lines=4, closer=0)
SCENE = Effort(pixels=600_000, lines=12, closer=4, again_pixels=1_200_000)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A line that was read: `fit` is None when it is no plate by itself."""

    line: TextLine
    reading: Reading
    fit: Fit | None
    on_panel: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PlateReader:
    """Owned by one thread, as what it uses is."""

    lines: TextLines
    recogniser: Recogniser
    settings: LprSettings
    chinese: ChineseReader | None = None
    boxes: PlateBoxes | None = None

    def look(self, picture: NDArray[np.uint8], effort: Effort) -> list[Sighting]:
        """Plates in a BGR picture, each once, the surest first; blocks."""
        sightings = self._in_boxes(picture)
        if not self._told(sightings):
            sightings = _apart(sightings + self._glance(picture, effort, pixels=effort.pixels))
        height, width = picture.shape[:2]
        if not self._told(sightings) and effort.again_pixels > 0 and height * width > effort.pixels:
            sightings = _apart(sightings + self._glance(picture, effort, pixels=effort.again_pixels))
        return sightings

    def close(self) -> None:
        """Give the models back. Calling it again does nothing."""
        for model in (self.lines, self.recogniser, self.chinese, self.boxes):
            if model is not None:
                model.close()

    def _told(self, sightings: Sequence[Sighting]) -> bool:
        return any(one.fit.confidence >= self.settings.min_confidence for one in sightings)

    def _in_boxes(self, picture: NDArray[np.uint8]) -> list[Sighting]:
        """What is read where the detector of plates, if there is one, points."""
        found: list[Sighting] = []
        for box in self.boxes.find(picture)[:_MOST_BOXES] if self.boxes is not None else ():
            part, (left, top) = cut(picture, box, margin=_BOX_MARGIN)
            if part.size and box.width >= self.settings.min_width_px:
                sightings = self._glance(np.ascontiguousarray(part), _PLATE, pixels=_PLATE.pixels)
                found += [sighting.moved(left, top) for sighting in sightings]
        return _apart(found)

    def _glance(self, picture: NDArray[np.uint8], effort: Effort, *, pixels: int) -> list[Sighting]:
        plate = whole(picture)
        reads = [self._read(picture, plate)] if plate else []
        if not (reads and reads[0].fit is not None):
            found = self.lines.find(picture, pixels=pixels)
            size = (picture.shape[1], picture.shape[0])
            wanted = promising(found, size=size, min_width_px=self.settings.min_width_px, limit=effort.lines)
            reads += [self._read(picture, line) for line in wanted]
        hints = hints_of(read.reading.raw for read in reads)
        reads = [
            self._closer(picture, read, effort) if number < effort.closer else read for number, read in enumerate(reads)
        ]
        sightings = [
            Sighting(
                read.reading,
                self._fit(read.reading, hints, on_panel=read.on_panel) or read.fit,
                read.line.quad,
                hints,
                read.on_panel,
            )
            for read in reads
            if read.fit is not None
        ]
        return _apart(sightings + self._joined(reads, hints))

    def _read(self, picture: NDArray[np.uint8], line: TextLine) -> _Read:
        reading = self._strip_read(picture, line, _VIEWS[0])
        if self.chinese is not None and self._may_be_chinese(picture, line, reading):
            chinese = self._chinese(self.chinese, picture, line, reading)
            if chinese is not None:
                return chinese
        fit = self._fit(reading)
        if len(reading.glyphs) < _LEAST_GLYPHS or refused(reading.raw, personal=self.settings.personal) is not None:
            return _Read(line, reading, fit)
        # One reading is easily wrong and sure of it: a second one, of a slightly other strip, tells.
        readings = [reading, self._strip_read(picture, line, _VIEWS[1])]
        if not _agree(fit, self._fit(readings[1])):
            readings.append(self._strip_read(picture, line, _VIEWS[2]))
        merged = consensus([Vote(one, _weight(one)) for one in readings])
        panel = on_panel(picture, line.quad)
        return _Read(line, merged, self._fit(merged, on_panel=panel), panel)

    def _strip_read(self, picture: NDArray[np.uint8], line: TextLine, view: _View) -> Reading:
        quad = grown(line.quad, across=view.across, down=view.down)
        return self.recogniser.read(readable(picture, quad, stretch=view.stretch, blur=view.blur))

    def _closer(self, picture: NDArray[np.uint8], read: _Read, effort: Effort) -> _Read:
        """Another look at the surroundings of a line that is hard to read or may be a part of one, larger."""
        unsure = not _sure(read.fit) and len(read.reading.glyphs) >= _LEAST_GLYPHS
        if not unsure or refused(read.reading.raw, personal=self.settings.personal) is not None:
            return read
        reach = np.array([0.6 * read.line.width, 1.2 * read.line.height])
        x1, y1 = np.maximum(read.line.quad.min(axis=0) - reach, 0).astype(int)
        x2, y2 = (read.line.quad.max(axis=0) + reach).astype(int)
        part = np.ascontiguousarray(picture[y1:y2, x1:x2])
        best = read
        if read.fit is not None and _maybe_part(read.fit):
            wider = TextLine(grown(read.line.quad, across=_FURTHER), read.line.score)
            best = _better(best, self._read(picture, wider))
        for line in self.lines.find(part, pixels=effort.closer_pixels, max_scale=4.0):
            moved = TextLine((line.quad + np.array([x1, y1], np.float32)).astype(np.float32), line.score)
            if _same_line(moved, read.line):
                best = _better(best, self._read(picture, moved))
        return best

    def _joined(self, reads: Sequence[_Read], hints: frozenset[str]) -> list[Sighting]:
        """Plates of two lines, and those that were found in two parts."""
        parts = [read for read in reads if _value(read.fit) < _SURE and 1 <= len(read.reading.glyphs) <= 5]
        found = []
        for first in parts:
            for second in parts:
                if first is second or not (stacked(first.line, second.line) or beside(first.line, second.line)):
                    continue
                reading = joined(first.reading, second.reading)
                fit = None if refused(reading.raw) else best_fit(reading, self._expected(hints), may_drop=False)
                if fit is not None and fit.region not in ("EU", "US"):
                    found.append(Sighting(reading, fit, around([first.line, second.line]), hints))
        return found

    def _fit(self, reading: Reading, hints: frozenset[str] = _NO_HINTS, *, on_panel: bool = False) -> Fit | None:
        if refused(reading.raw, personal=self.settings.personal) is not None:
            return None
        return best_fit(reading, self._expected(hints, on_panel=on_panel))

    def _expected(self, hints: frozenset[str], *, on_panel: bool = False) -> Expected:
        return Expected(self.settings.countries, hints, self.settings.personal, on_panel)

    def _may_be_chinese(self, picture: NDArray[np.uint8], line: TextLine, reading: Reading) -> bool:
        named = "CN" in self.settings.countries or any(ord(char) > _FIRST_CHINESE for char in reading.raw)
        return named or on_blue_or_green(strip(picture, line.quad))

    def _chinese(
        self, reader: ChineseReader, picture: NDArray[np.uint8], line: TextLine, reading: Reading
    ) -> _Read | None:
        """The line as the reader of Chinese plates sees it, when what others read agrees that it is one."""
        # It wants the plate up to its frame, of which a line of text is the inner part.
        reach = 0.0 if line.whole else 0.13
        shifts = (0.0, -0.05, 0.03)
        own = [reader.read(strip(picture, grown(line.quad, across=reach + d, down=reach + d))) for d in shifts]
        if alike(consensus([Vote(one, 1.0) for one in own]), reading) < _AGREES:
            return None
        merged = consensus([*(Vote(one, 1.0) for one in own), Vote(reading, 1.0)])
        fit = self._fit(merged)
        return _Read(line, merged, fit) if fit is not None and fit.region == "CN" else None


def _apart(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Of those in one place, the surest."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda one: (-_value(one.fit), one.fit.text)):
        if all(covered(sighting.box, other.box) < _SAME_PLACE for other in kept):
            kept.append(sighting)
    return kept


def _same_line(a: TextLine, b: TextLine) -> bool:
    offset = np.abs(a.centre - b.centre)
    return bool(offset[1] < 0.5 * b.height and offset[0] < 0.5 * b.width and a.height > 0.5 * b.height)


def _better(first: _Read, closer: _Read) -> _Read:
    """Of two reads of one line the one to go by: the surer, but the whole line rather than a part of it."""
    a, b = first.fit, closer.fit
    longer = a is not None and b is not None and a.text != b.text and a.text in b.text
    enough = _NEARLY * _value(a) if longer else _value(a)
    return closer if _value(b) > enough else first


def _sure(fit: Fit | None) -> bool:
    return fit is not None and fit.confidence >= _SURE and not fit.dropped and not _maybe_part(fit)


def _maybe_part(fit: Fit) -> bool:
    """Whether a plate is so short, or of so unknown a shape, that it may be what was found of a longer one."""
    return len(fit.text) <= _SHORT or fit.generic


def _agree(a: Fit | None, b: Fit | None) -> bool:
    return a is not None and b is not None and a.text == b.text


def _value(fit: Fit | None) -> float:
    return fit.confidence * min(1.0, 0.5 + fit.score / 2) if fit is not None else 0.0


def _weight(reading: Reading) -> float:
    return max(0.05, reading.confidence) ** 2
