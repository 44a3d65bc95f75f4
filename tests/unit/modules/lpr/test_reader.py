"""Lines that were found in part only."""

from __future__ import annotations

import numpy as np

from services.modules.specialists.lpr.reader import VEHICLE, PlateReader
from services.modules.specialists.lpr.recogniser import Recogniser
from services.modules.specialists.lpr.settings import LprSettings
from services.modules.specialists.lpr.text_lines import TextLine
from services.modules.specialists.lpr.text_models import text_model
from tests.unit.modules.lpr.drawn import car


class OneLine:
    """Finds the same line in every picture of the given size and nothing in any other."""

    def __init__(self, line, size):
        self.line, self.size = line, size

    def find(self, picture, *, pixels, max_scale=2.0):
        return [self.line] if picture.shape[:2] == self.size else []

    def close(self):
        pass


def test_a_line_that_was_found_in_part_is_read_whole():
    picture = car("A 4X4WP")
    part = TextLine(np.array([[204, 202], [312, 202], [312, 238], [204, 238]], np.float32), 0.9)
    reader = PlateReader(OneLine(part, picture.shape[:2]), Recogniser(text_model("rec"), threads=1), LprSettings())
    [found] = reader.look(picture, VEHICLE)
    reader.close()
    assert found.fit.text == "A4X4WP"
