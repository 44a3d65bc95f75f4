from __future__ import annotations

from random import Random

import pytest

from services.cli.backoff import RestartPolicy


@pytest.mark.parametrize(
    ("crashes", "delay_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (60, 30.0), (10_000, 30.0)]
)
def test_the_pause_doubles_from_one_second_to_thirty(crashes: int, delay_s: float) -> None:
    assert RestartPolicy(jitter=0.0).delay_s(crashes, Random(1)) == delay_s


def test_pauses_are_spread_so_that_services_do_not_return_together() -> None:
    random = Random(1)
    pauses = [RestartPolicy().delay_s(3, random) for _ in range(200)]
    assert 3.0 <= min(pauses) < 3.3
    assert 4.7 < max(pauses) <= 5.0


def test_the_pause_never_exceeds_the_cap() -> None:
    random = Random(1)
    assert max(RestartPolicy().delay_s(9, random) for _ in range(200)) <= 30.0


@pytest.mark.parametrize(("ran_s", "crashes"), [(0.1, 5), (29.9, 5), (30.0, 1), (1e6, 1)])
def test_a_stable_run_makes_the_crashes_before_it_forgotten(ran_s: float, crashes: int) -> None:
    assert RestartPolicy().crashes_after(4, ran_s) == crashes
