from __future__ import annotations

import threading
import time

import pytest

from shared.loops import USUAL_GRACE_S, Stop, grace_of, obey_restart, run_loops
from shared.messages.commands import Restart, SyncRules
from shared.messages.message import Message


@pytest.mark.parametrize(
    ("orders", "obeyed"),
    [
        ([], False),
        ([SyncRules()], False),
        ([Restart()], True),
        ([SyncRules(), Restart(services=("eye", "brain"))], True),
        ([Restart(services=("eye",))], False),
    ],
)
def test_a_service_obeys_the_restarts_that_mean_it(orders: list[Message], *, obeyed: bool) -> None:
    stop = Stop()
    assert obey_restart(orders, stop, service="brain") is obeyed
    assert stop.is_set() is obeyed


@pytest.mark.parametrize(("timeout_s", "grace_s"), [(30.0, 30.0), (1.0, 1.0), (0.0, USUAL_GRACE_S)])
def test_the_orders_time_becomes_the_grace(timeout_s: float, grace_s: float) -> None:
    stop = Stop()
    obey_restart([Restart(timeout_s=timeout_s)], stop, service="brain")
    assert grace_of(stop) == grace_s


def test_a_stop_that_is_under_way_keeps_its_grace() -> None:
    stop = Stop()
    stop.set()
    obey_restart([Restart(timeout_s=300)], stop, service="brain")
    assert grace_of(stop) == USUAL_GRACE_S


def test_a_plain_event_is_set_and_has_the_usual_grace() -> None:
    stop = threading.Event()
    obey_restart([Restart()], stop, service="brain")
    assert (stop.is_set(), grace_of(stop)) == (True, USUAL_GRACE_S)


@pytest.mark.parametrize(("timeout_s", "finished"), [(20.0, True), (0.1, False)])
def test_work_in_flight_is_finished_within_the_orders_time_and_left_after_it(
    timeout_s: float, *, finished: bool
) -> None:
    stop, working, done, goes_on = Stop(), threading.Event(), threading.Event(), threading.Event()

    def loop() -> None:
        working.set()
        stop.wait()
        if not goes_on.wait(USUAL_GRACE_S + 0.7 if timeout_s > 1 else 20.0):
            done.set()

    def order() -> None:
        working.wait()
        obey_restart([Restart(timeout_s=timeout_s)], stop, service="brain")

    threading.Thread(target=order).start()
    began = time.monotonic()
    assert run_loops({"work": loop}, stop=stop) == 0
    assert done.is_set() is finished
    assert time.monotonic() - began < 10
    goes_on.set()
