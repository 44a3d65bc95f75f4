"""Cameras' whole pictures are looked at now and then: once at a time, by one replica, and never in anybody's way."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from redis import Redis

from services.brain.known_modules import KnownModules
from services.brain.scene_pictures import KEEP, remove_old_pictures
from services.brain.scenes import SceneLooks, owned_cameras
from services.brain.timeline import CameraFacts
from shared.domain.camera import CameraFault
from shared.domain.ids import shard_of
from shared.jobs import celery_app
from shared.media import MediaStore
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeBurst
from shared.messages.message import decode
from shared.messages.topics import COMMANDS
from shared.modules.book import JobBook
from shared.modules.order import ModuleOrder
from shared.modules.roster import ModuleInfo, Roster, WorkerInfo
from shared.settings import Settings
from shared.streams import Replies

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
FIRE = ModuleInfo(name="fire_smoke", scopes=("object", "scene"), max_pictures=4, queue="modules", available=True)
LPR = ModuleInfo(name="lpr", scopes=("object", "scene"), available=True)
EVERY = {"enabled": True, "every_s": 10, "burst": 3, "burst_fps": 5}


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "JPEG")
    return out.getvalue()


@dataclass
class Stage:
    """A scheduler with a clock to be set, and what it says to ingest and to the workers."""

    redis: Redis
    media: MediaStore
    redis_url: str
    cameras: dict[str, CameraFacts] = field(default_factory=dict)
    monotonic: float = 0.0
    bound: int = 100
    usual: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.modules = KnownModules(self.redis)
        self.book = JobBook(self.redis, now=lambda: NOW, worker="w")
        self.start_anew()

    def start_anew(self) -> None:
        self.looks = SceneLooks(
            self.redis,
            app=celery_app(self.redis_url),
            book=self.book,
            media=self.media,
            modules=self.modules,
            cameras=lambda: self.cameras,
            usual=self.usual,
            bound=self.bound,
            now=lambda: NOW,
            monotonic=lambda: self.monotonic,
        )

    def worker(self, *modules: ModuleInfo) -> None:
        Roster(self.redis).tell(WorkerInfo(instance="w", ready=True, modules=modules))
        self.modules.refresh()

    def add(self, slug: str = "yard", **said: Any) -> None:
        self.cameras[slug] = CameraFacts(slug, slug, 1, {"modules": {"fire_smoke": {**EVERY, **said}}})

    def bursts(self) -> list[TakeBurst]:
        orders = [decode(fields) for _, fields in self.redis.xrange(COMMANDS.stream())]
        return [order for order in orders if isinstance(order, TakeBurst)]

    def go(self, seconds: float) -> None:
        """Let time pass, a second at a time. Nothing is awaited longer than it takes to look."""
        for _ in range(round(seconds)):
            self.monotonic += 1
            self.looks.step()

    def first_burst(self) -> TakeBurst:
        """Wait until it is the turn of the one camera there is."""
        before = len(self.bursts())
        while len(self.bursts()) == before:
            self.go(1)
            assert self.monotonic < 1000
        return self.bursts()[-1]

    def answer(self, order: TakeBurst, *, pictures: int | None = None, fault: CameraFault | None = None) -> None:
        replies = Replies(self.redis)
        for number in range(order.pictures if pictures is None else pictures):
            at = NOW + timedelta(seconds=number / order.fps)
            answer = SnapshotAnswer(camera=order.camera, captured_at=at, width=64, height=48, jpeg=jpeg())
            replies.send(order.reply_to, answer.packed())
        if fault is not None:
            replies.send(order.reply_to, SnapshotAnswer(camera=order.camera, fault=fault).packed())
        self.looks.step()

    def jobs(self) -> list[ModuleOrder]:
        records = [self.book.get(job_id) for job_id in self.book.open_jobs()]
        return [record.order for record in records if record is not None]

    def end_jobs(self) -> None:
        for order in self.jobs():
            self.book.claim(order.job_id)
            self.book.complete(order.job_id, {})


@pytest.fixture
def stage(redis: Redis, redis_url: str, settings: Settings) -> Iterator[Stage]:
    made = Stage(redis, MediaStore.open(settings.effective_media_url), redis_url)
    made.worker(FIRE, LPR)
    return made


def test_a_burst_is_ordered_and_handed_to_its_specialist(stage: Stage) -> None:
    stage.add(note="mine")
    order = stage.first_burst()
    assert (order.camera, order.pictures, order.fps) == ("yard", 3, 5)
    stage.answer(order)
    (job,) = stage.jobs()
    assert (job.module, job.scope, job.camera, job.account_id, job.look) == ("fire_smoke", "scene", "yard", 1, 1)
    assert [picture.at for picture in job.pictures] == [NOW + timedelta(seconds=n / 5) for n in range(3)]
    assert job.at == job.pictures[-1].at
    assert job.options == {"note": "mine"}
    assert all(stage.media.read(picture.path) == jpeg() for picture in job.pictures)
    assert stage.redis.llen("modules") == 1


def test_it_comes_again_at_its_interval_and_takes_no_more_pictures_than_are_of_use(stage: Stage) -> None:
    stage.add(burst=32)
    orders = []
    for _ in range(3):
        orders.append((stage.first_burst(), stage.monotonic))
        stage.answer(orders[-1][0])
        stage.end_jobs()
    assert [order.pictures for order, _ in orders] == [4, 4, 4]
    assert [after - before for (_, before), (_, after) in itertools.pairwise(orders)] == [10, 10]


@pytest.mark.parametrize(
    ("said", "usual", "looks"),
    [({}, (), True), ({"enabled": False}, ("fire_smoke",), False), (None, (), False), (None, ("fire_smoke",), True)],
)
def test_only_those_cameras_are_looked_at_that_want_it(
    stage: Stage, *, said: dict[str, Any] | None, usual: tuple[str, ...], looks: bool
) -> None:
    stage.usual = frozenset(usual)
    stage.start_anew()
    stage.add(**(said or {}))
    if said is None:
        stage.cameras["yard"] = CameraFacts("yard", "yard", 1)
    stage.go(25)
    assert bool(stage.bursts()) is looks


def test_while_the_last_look_is_not_done_there_is_no_other_not_even_after_a_restart(stage: Stage) -> None:
    stage.add()
    stage.answer(stage.first_burst())
    stage.go(25)
    stage.start_anew()
    stage.go(25)
    assert len(stage.bursts()) == 1
    stage.end_jobs()
    stage.first_burst()


def test_while_a_burst_is_awaited_there_is_no_other(stage: Stage) -> None:
    stage.add(every_s=2)
    stage.first_burst()
    stage.looks.step()
    stage.monotonic += 5
    stage.looks.step()
    assert len(stage.bursts()) == 1


@pytest.mark.parametrize("pictures", [0, 2])
def test_a_camera_that_is_down_is_skipped_and_what_came_before_is_looked_at(stage: Stage, pictures: int) -> None:
    stage.add()
    stage.answer(stage.first_burst(), pictures=pictures, fault=CameraFault.NETWORK)
    assert [len(job.pictures) for job in stage.jobs()] == ([pictures] if pictures else [])
    stage.end_jobs()
    stage.first_burst()


def test_a_burst_that_never_comes_is_given_up(stage: Stage) -> None:
    stage.add()
    stage.first_burst()
    stage.monotonic += 60
    stage.looks.step()
    stage.first_burst()
    assert stage.jobs() == []


@pytest.mark.parametrize("modules", [(LPR,), (FIRE.model_copy(update={"available": False}),)])
def test_nothing_is_ordered_of_a_camera_for_a_specialist_that_cannot_look(
    stage: Stage, modules: tuple[ModuleInfo, ...]
) -> None:
    stage.worker(*modules)
    stage.add()
    stage.go(25)
    assert stage.bursts() == []


def test_a_full_queue_costs_one_look(stage: Stage) -> None:
    stage.bound = 1
    stage.start_anew()
    stage.add()
    stage.answer(stage.first_burst())
    stage.add("door")
    del stage.cameras["yard"]
    stage.answer(stage.first_burst())
    assert [job.camera for job in stage.jobs()] == ["yard"]
    stage.end_jobs()
    stage.answer(stage.first_burst())
    assert [job.camera for job in stage.jobs()] == ["door"]


def test_what_nobody_understands_is_no_picture(stage: Stage) -> None:
    stage.add()
    order = stage.first_burst()
    Replies(stage.redis).send(order.reply_to, b"{")
    stage.looks.step()
    assert stage.jobs() == []
    stage.first_burst()


def test_cameras_take_turns(stage: Stage) -> None:
    for number in range(20):
        stage.add(f"cam_{number:03d}", every_s=20)
    when: dict[str, float] = {}
    for _ in range(22):
        stage.monotonic += 1
        stage.looks.step()
        for order in stage.bursts()[len(when) :]:
            when[order.camera] = stage.monotonic
            stage.answer(order, pictures=0, fault=CameraFault.NETWORK)
    assert len(when) == 20
    assert len(set(when.values())) > 8


def test_each_camera_is_looked_at_by_the_replica_that_owns_it() -> None:
    cameras = {f"cam_{number}": CameraFacts(f"cam_{number}", "", 1) for number in range(40)}
    halves = [owned_cameras(cameras, owned, shards=4) for owned in ({0, 1}, {2, 3})]
    assert not halves[0].keys() & halves[1].keys()
    assert halves[0].keys() | halves[1].keys() == cameras.keys()
    assert all(shard_of(slug, 4) in (0, 1) for slug in halves[0])


def test_pictures_go_when_they_tell_of_the_past(settings: Settings) -> None:
    media = MediaStore.open(settings.effective_media_url)
    old, new = (f"scenes/{NOW - KEEP + timedelta(seconds=s):%Y%m%dT%H%M%SZ}-job-a-00.jpg" for s in (-1, 1))
    for path in (old, new, "scenes/odd.jpg"):
        media.write(path, jpeg())
    assert remove_old_pictures(media, now=NOW) == 2
    assert media.names("scenes") == [new.partition("/")[2]]
