"""What Tasmota's PulseTime says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.switches.tasmota import pulse_time


@pytest.mark.parametrize(
    ("pulse_s", "value"), [(0.2, 2), (0.3, 3), (10.0, 100), (11.1, 111), (11.15, 112), (12.0, 112), (600.0, 700)]
)
def test_short_pulses_are_tenths_and_long_ones_seconds(pulse_s: float, value: int) -> None:
    assert pulse_time(pulse_s) == value


@given(st.floats(min_value=0.2, max_value=600))
def test_a_pulse_is_never_shorter_than_wanted_nor_a_second_longer(pulse_s: float) -> None:
    value = pulse_time(pulse_s)
    lasts_s = value / 10 if value <= 111 else value - 100
    assert -0.001 <= lasts_s - pulse_s < 1.001
