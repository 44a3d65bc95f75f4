"""From the queue to the record, with real worker processes and the processes that look for them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import select

from shared.db.engine import sessions
from shared.db.tables import Event, Recognition
from shared.messages.commands import Restart
from shared.messages.topics import COMMANDS
from shared.modules.uploads import upload_path
from shared.streams import Publisher
from tests.conftest import wait_until
from tests.integration.modules.conftest import AT, SLOW_S, Shop, StartWorker


def hand_of(worker: object) -> psutil.Process:
    """The process that looks."""
    [child] = psutil.Process(worker.pid).children()  # type: ignore[attr-defined]
    return child


def test_a_job_is_done_and_its_record_tells_all(busy_shop: Shop) -> None:
    job = busy_shop.ended(busy_shop.ask(camera="cam_001", label="car"))
    assert (job.status, job.progress, job.attempts, job.error) == ("completed", 1.0, 1, None)
    assert job.results is not None
    assert (job.results["sizes"], job.results["camera"], job.results["label"]) == ([[64, 48]], "cam_001", "car")
    assert job.processing_time_ms is not None
    assert busy_shop.book.open_jobs() == []


def test_progress_and_positions_are_real(busy_shop: Shop, tmp_path: Path) -> None:
    busy_shop.worker()
    go_on = tmp_path / "go on"
    first, second, third = (busy_shop.order("half", options={"until": str(go_on)}) for _ in range(3))
    assert [busy_shop.enqueue(order) for order in (first, second, third)] == [0, 1, 2]
    wait_until(lambda: busy_shop.record(first.job_id).progress > 0.4, SLOW_S, "the progress")
    assert busy_shop.record(first.job_id).status == "processing"
    assert [busy_shop.book.ahead(order) for order in (first, second, third)] == [0, 1, 2]
    go_on.touch()
    assert busy_shop.ended(third.job_id).status == "completed"


def test_a_process_that_is_killed_in_mid_job_is_replaced_and_the_job_done_once_more(
    shop: Shop, start_worker: StartWorker, tmp_path: Path
) -> None:
    worker = start_worker()
    shop.worker()
    go_on = tmp_path / "go on"
    job_id = shop.ask("half", options={"until": str(go_on)})
    wait_until(lambda: shop.record(job_id).progress > 0.4, SLOW_S, "the job to be half done")
    hand_of(worker).kill()
    wait_until(lambda: shop.record(job_id).attempts == 2, SLOW_S, "the second attempt")
    go_on.touch()
    job = shop.ended(job_id)
    assert (job.status, job.attempts) == ("completed", 2)
    assert worker.poll() is None


def test_a_job_that_kills_its_process_twice_fails_with_the_reason_and_the_next_is_done(
    busy_shop: Shop, tmp_path: Path
) -> None:
    marks = [str(tmp_path / str(number)) for number in range(3)]
    bad, good = busy_shop.ask("crash", options={"once_each": marks}), busy_shop.ask()
    job = busy_shop.ended(bad)
    assert (job.status, job.attempts) == ("failed", 2)
    assert job.error is not None
    assert "killed" in job.error
    assert "tried 2 times" in job.error
    assert busy_shop.ended(good).status == "completed"


def test_no_memory_left_is_said_so(busy_shop: Shop) -> None:
    job = busy_shop.ended(busy_shop.ask("exhaust"))
    assert job.status == "failed"
    assert "no memory was left" in str(job.error)


def test_a_job_past_its_time_is_broken_off_and_the_models_stay(busy_shop: Shop) -> None:
    before = busy_shop.ended(busy_shop.ask()).results
    job = busy_shop.ended(busy_shop.ask("dawdle"))
    assert (job.status, job.error, job.attempts) == ("failed", "it took longer than its time limit", 1)
    assert busy_shop.ended(busy_shop.ask()).results == before


def test_no_library_takes_the_end_of_the_time_for_its_own_failure(busy_shop: Shop) -> None:
    job = busy_shop.ended(busy_shop.ask("misread"))
    assert (job.status, job.error) == ("failed", "it took longer than its time limit")


def test_a_job_that_does_not_break_off_is_killed(busy_shop: Shop) -> None:
    job = busy_shop.ended(busy_shop.ask("hang"))
    assert (job.status, job.error, job.attempts) == ("failed", "it was killed after 6 s", 1)
    assert busy_shop.ended(busy_shop.ask()).status == "completed"


def test_what_a_specialist_does_wrong_is_the_jobs_failure(busy_shop: Shop) -> None:
    jobs = {do: busy_shop.ask(do) for do in ("blunder", "ramble_on", "refuse", "want", "ramble")}
    said = {do: busy_shop.ended(job_id) for do, job_id in jobs.items()}
    assert {job.status for job in said.values()} == {"failed"}
    assert said["blunder"].error == "tester failed: ZeroDivisionError: a blunder"
    assert said["ramble_on"].error == "tester failed: RuntimeError: ZeroDivisionError: a blunder"
    assert said["refuse"].error == "nothing to be seen"
    assert said["want"].error == "something is away; tried 2 times"
    assert "not JSON" in str(said["ramble"].error)


def test_jobs_wait_for_a_worker_and_survive_its_restart(shop: Shop, start_worker: StartWorker, tmp_path: Path) -> None:
    waiting = shop.ask()
    worker = start_worker()
    assert shop.ended(waiting).status == "completed"
    go_on = tmp_path / "go on"
    in_hand, queued = shop.ask("half", options={"until": str(go_on)}), shop.ask()
    wait_until(lambda: shop.record(in_hand).progress > 0.4, SLOW_S, "the job to be half done")
    asked = time.monotonic()
    worker.terminate()
    assert worker.wait(SLOW_S) == 0
    assert time.monotonic() - asked < 10
    assert (shop.record(in_hand).status, shop.record(in_hand).attempts) == ("queued", 0)
    go_on.touch()
    start_worker()
    assert [shop.ended(job_id).status for job_id in (in_hand, queued)] == ["completed"] * 2


def test_jobs_of_a_worker_that_was_killed_come_again(shop: Shop, start_worker: StartWorker, tmp_path: Path) -> None:
    worker = start_worker()
    go_on = tmp_path / "go on"
    in_hand, queued = shop.ask("half", options={"until": str(go_on)}), shop.ask()
    wait_until(lambda: shop.record(in_hand).progress > 0.4, SLOW_S, "the job to be half done")
    hand = hand_of(worker)
    worker.kill()
    worker.wait(SLOW_S)
    hand.wait(SLOW_S)  # nobody is left to look for
    go_on.touch()
    start_worker()
    jobs = [shop.ended(job_id) for job_id in (in_hand, queued)]
    assert [job.status for job in jobs] == ["completed"] * 2
    assert [job.attempts for job in jobs] == [2, 1]


def test_a_restart_that_is_ordered_is_obeyed(shop: Shop, start_worker: StartWorker) -> None:
    worker = start_worker()
    shop.worker()
    Publisher(shop.redis).publish(COMMANDS, Restart(services=("modules",), timeout_s=5))
    assert worker.wait(SLOW_S) == 0
    assert shop.roster.workers() == []


def test_a_specialist_that_kills_whoever_opens_it_is_told_as_unavailable(shop: Shop, start_worker: StartWorker) -> None:
    start_worker(specialists='{"tester": {"crash_on_open": true}}')
    [module] = shop.worker().modules
    assert not module.available
    assert "opening it ended the process" in module.reason
    assert "opening it ended the process" in str(shop.ended(shop.ask()).error)


def test_a_specialist_without_its_weights_is_told_with_the_command_that_fixes_it(
    shop: Shop, start_worker: StartWorker
) -> None:
    start_worker(enabled="tester,bytetrack")
    tester, bytetrack = shop.worker().modules
    assert (tester.available, bytetrack.available) == (True, False)
    assert bytetrack.remedy == "run 'argus models pull yolox_nano'"


def test_models_that_are_not_kept_warm_are_let_go_and_opened_again(shop: Shop, start_worker: StartWorker) -> None:
    worker = start_worker(warm="false", idle_s="0.2")
    shop.worker()
    wait_until(lambda: not psutil.Process(worker.pid).children(), SLOW_S, "the process to go")
    assert shop.ended(shop.ask()).status == "completed"


def test_the_results_become_the_events(busy_shop: Shop) -> None:
    with sessions(busy_shop.engine).begin() as session:
        session.add(
            Event(
                uuid="e-1",
                account_id=1,
                camera_slug="cam_001",
                label="car",
                confidence=0.9,
                started_at=AT,
                occurred_at=AT,
                stored_at=AT,
            )
        )
    order = busy_shop.order("read_plate", event_uuid="e-1", camera="cam_001")
    busy_shop.enqueue(order)
    busy_shop.ended(order.job_id)
    busy_shop.ended(busy_shop.ask("read_plate", camera="cam_002"))
    busy_shop.ended(busy_shop.ask("read_plate"))
    with sessions(busy_shop.engine)() as session:
        event = session.scalars(select(Event)).one()
        assert event.module_results == {"tester": {"plates": []}}
        assert event.modules_triggered == ["tester"]
        kept = session.scalars(select(Recognition).order_by(Recognition.id)).all()
        assert [(row.event_id, row.camera_slug, row.kind) for row in kept] == [
            (event.id, "cam_001", "plate_read"),
            (None, "cam_002", "plate_read"),
        ]
        assert kept[0].data == {"plate_text": "AB123", "job_id": order.job_id}


def test_uploads_go_when_their_records_do(shop: Shop, start_worker: StartWorker) -> None:
    now = datetime.now(UTC)
    old, new = (upload_path(name, now - timedelta(hours=hours)) for name, hours in (("job-a", 25), ("job-b", 23)))
    for path in (old, new):
        shop.media.write(path, b"picture")
    start_worker()
    wait_until(lambda: not shop.media.exists(old), SLOW_S, "the old one to go")
    assert shop.media.exists(new)
