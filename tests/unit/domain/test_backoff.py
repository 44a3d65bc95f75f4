from __future__ import annotations

import pytest

from shared.domain.backoff import doubling_s


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 0.5), (1, 0.5), (2, 1), (3, 2), (7, 32), (8, 60), (33, 60), (10_000, 60)]
)
def test_the_wait_doubles_with_each_failure_up_to_the_cap(failures: int, wait_s: float) -> None:
    assert doubling_s(failures, base_s=0.5, cap_s=60) == wait_s


def test_a_base_above_the_cap_waits_no_longer_than_the_cap() -> None:
    assert doubling_s(1, base_s=9, cap_s=5) == 5
