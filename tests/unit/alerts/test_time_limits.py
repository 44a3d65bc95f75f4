"""One time limit for several exchanges."""

from __future__ import annotations

import math

from shared.net import time_left_s, within


def test_an_inner_limit_never_outlasts_the_outer_one() -> None:
    with within(0.5):
        with within(60.0):
            assert time_left_s() <= 0.5
        with within(0.1):
            assert time_left_s() <= 0.1
        assert 0.1 < time_left_s() <= 0.5
    assert time_left_s() == math.inf


def test_a_limit_that_is_over_leaves_nothing() -> None:
    with within(0.0):
        assert time_left_s() == 0.0
