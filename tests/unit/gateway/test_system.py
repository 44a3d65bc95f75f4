"""/system/stats, /system/config and /system/restart."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis
from sqlalchemy import select

from services.gateway.queries.configuration import hardware_tier
from services.gateway.queries.machine import CpuGauge, cpu_cores, disk, gpu, hottest
from services.gateway.queries.stats import broker_stats
from shared.db.tables import AuditRow
from shared.messages.commands import Restart
from shared.messages.message import decode, encode
from shared.messages.topics import COMMANDS, LIVENESS, PRESENCES
from shared.modules.roster import ModuleInfo, Roster, WorkerInfo
from shared.observability import Liveness
from shared.observability.gpu import Gpu, GpuDriver
from shared.settings import Settings
from shared.settings.modules import ModulesSettings
from tests.unit.gateway.installation import RTSP, START, Api, Template, open_api

HOUR_S = 3600


def _stats(api: Api) -> dict[str, Any]:
    answer = api.get("/system/stats", who="eve")
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return answer.json


# stats ----------------------------------------------------------------------------------------------------------------


def test_stats_are_those_of_this_machine_from_the_first_question_on(api: Api, api_settings: Settings) -> None:
    stats = _stats(api)
    names = ["cpu", "memory", "gpu", "disk", "redis", "uptime_hours"]
    assert list(stats)[: len(names)] == names
    assert stats["cpu"]["cores"] == psutil.cpu_count()
    assert 0 <= stats["cpu"]["percent"] <= 100
    assert stats["memory"]["total_gb"] == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.01)
    assert 0 < stats["memory"]["used_gb"] < stats["memory"]["total_gb"]
    assert stats["disk"]["total_gb"] == pytest.approx(shutil.disk_usage(api_settings.data_dir).total / 2**30, abs=0.01)
    assert 0 <= stats["disk"]["percent"] <= 100
    assert stats["redis"] == {"connected": True, "queue_gemma": 0, "queue_modules": 0}
    assert stats["uptime_hours"] < 24 * 365


def test_queues_are_counted_where_celery_keeps_them(api: Api, redis: Redis) -> None:
    redis.lpush("gemma", *range(5))
    redis.lpush("modules", "a", "b")
    redis.lpush("modules.gpu", "c")
    assert _stats(api)["redis"] == {"connected": True, "queue_gemma": 5, "queue_modules": 3}


def test_the_queues_counted_are_those_jobs_are_sent_to(redis_url: str, redis: Redis) -> None:
    from shared.jobs import QUEUE_GEMMA, celery_app

    app = celery_app(redis_url)
    app.send_task("any", queue=QUEUE_GEMMA)
    app.close()
    assert broker_stats(redis, shards=1).queues["queue_gemma"] == 1


def _alive(redis: Redis, service: str, *, since: float) -> None:
    Liveness(redis, service=service, instance=f"{service}-0").beat()
    redis.hset(LIVENESS.format(service=service, instance=f"{service}-0"), "started_at", since)


def test_uptime_is_that_of_the_oldest_service_whichever_was_restarted(api: Api, redis: Redis) -> None:
    now = time.time()
    _alive(redis, "brain", since=now - 42.5 * HOUR_S)
    _alive(redis, "eye", since=now - HOUR_S)
    redis.hset(LIVENESS.format(service="odd", instance="odd-0"), "started_at", "never")
    stats = _stats(api)
    assert stats["uptime_hours"] == pytest.approx(42.5, abs=0.01)
    assert [(each["service"], each["instance"]) for each in stats["services"]] == [
        ("brain", "brain-0"),
        ("eye", "eye-0"),
    ]
    assert stats["services"][1]["uptime_hours"] == pytest.approx(1, abs=0.01)


def test_backlogs_are_told_over_all_shards(api: Api, redis: Redis) -> None:
    for shard in (0, 3):
        redis.xgroup_create(PRESENCES.stream(shard), "brain", id="0", mkstream=True)
        for ms in (1000, 1500, 4500):
            redis.xadd(PRESENCES.stream(shard), encode(PRESENCES.messages[0].example()), id=f"{ms}-0")  # type: ignore[arg-type]
        redis.xreadgroup("brain", "brain-0", {PRESENCES.stream(shard): ">"}, count=2 if shard else 3)
    redis.set(PRESENCES.stream(5), "not a stream")
    backlogs = _stats(api)["streams"]
    assert backlogs.pop("presences") == {"unacknowledged": 5, "lag_seconds": 3.0}
    assert backlogs == {name: {"unacknowledged": 0, "lag_seconds": 0.0} for name in ("health", "events", "findings")}


def test_without_redis_the_machine_is_still_told_soon(tmp_path: Path, template: Template) -> None:
    url = template.copy_to(tmp_path / "data" / "argus.db")
    settings = Settings(data_dir=tmp_path / "data", redis_url="redis://127.0.0.1:1/0", database_url=url)
    api = open_api(settings, template.keys)
    began = time.monotonic()
    stats = _stats(api)
    assert time.monotonic() - began < 15  # nothing is waited for where nobody listens
    assert stats["redis"] == {"connected": False, "queue_gemma": None, "queue_modules": None}
    assert stats["services"] == []
    assert stats["memory"]["total_gb"] > 0
    api.opened.close()


def test_the_load_is_that_since_the_last_sample_and_a_glance_when_there_is_none() -> None:
    now = 0.0
    gauge = CpuGauge(monotonic=lambda: now)
    began = time.monotonic()
    assert 0 <= gauge.percent() <= 100
    assert time.monotonic() - began >= 0.2  # looked, for want of a sample
    gauge.sample()
    began, until = time.process_time(), time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    gauge.sample()
    busy = gauge.percent()
    assert busy >= 100 * 0.5 * (time.process_time() - began) / 0.3 / cpu_cores()
    assert gauge.percent() == busy  # remembered
    now = 60.0
    began = time.monotonic()
    gauge.percent()
    assert time.monotonic() - began >= 0.2  # the sample was too old


class _Reading:
    def __init__(self, current: float | None) -> None:
        self.current = current


@pytest.mark.parametrize(
    ("sensors", "expected"),
    [
        ({}, None),
        ({"nvme": [_Reading(40)]}, None),
        ({"acpitz": [_Reading(30)], "coretemp": [_Reading(51), _Reading(58.04), _Reading(None)]}, 58.0),
        ({"k10temp": [_Reading(0)], "acpitz": [_Reading(44)]}, 44.0),
        ({"cpu_thermal": [_Reading(4_294_967.0)]}, None),
    ],
)
def test_the_temperature_is_the_hottest_processors(sensors: Any, expected: float | None) -> None:
    assert hottest(sensors) == expected


def test_a_machine_without_a_gpu_says_so() -> None:
    assert GpuDriver("libthere-is-none.so.1").gpus() == []
    assert GpuDriver("libc.so.6").gpus() == []  # a library that is no driver
    assert gpu([]) == {
        "available": False,
        "model": None,
        "memory_used_gb": None,
        "memory_total_gb": None,
        "utilization_percent": None,
        "count": 0,
    }


def test_a_gpu_is_told_as_far_as_its_driver_tells() -> None:
    told = gpu([Gpu("NVIDIA RTX 4080", memory_used_bytes=2**32, memory_total_bytes=2**34), Gpu("second")])
    assert told == {
        "available": True,
        "model": "NVIDIA RTX 4080",
        "memory_used_gb": 4.0,
        "memory_total_gb": 16.0,
        "utilization_percent": None,
        "count": 2,
    }


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    assert disk(tmp_path / "not" / "there" / "yet")["total_gb"] == disk(tmp_path)["total_gb"]


# config ---------------------------------------------------------------------------------------------------------------


def _config(api: Api, who: str) -> dict[str, Any]:
    answer = api.get("/system/config", who=who)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return answer.json


def test_the_configuration_has_the_contracts_fields(api: Api) -> None:
    config = _config(api, "eve")
    assert list(config) == [
        "system",
        "hardware",
        "eye",
        "modules_enabled",
        "cameras_count",
        "rules_count",
        "settings",
    ]
    assert config["system"] == {"name": "Argus", "environment": "production"}
    assert config["hardware"]["cpu_cores"] == psutil.cpu_count()
    assert config["eye"] == {"fps": 5.0, "yolo_model": "yolox_nano"}


def test_cameras_are_counted_as_far_as_the_asker_sees_them(api: Api) -> None:
    for who, count in (("alice", 2), ("bob", 1)):
        for _ in range(count):
            assert api.post("/cameras", {"name": "a", "rtsp_url": RTSP}, who=who).status_code == 201
    assert [_config(api, who)["cameras_count"] for who in ("alice", "bob", "eve", "boss")] == [2, 1, 0, 3]


def test_rules_are_counted(api: Api) -> None:
    with api.session() as session:
        from shared.db.tables import RuleRow

        before = len(session.scalars(select(RuleRow)).all())
    assert _config(api, "boss")["rules_count"] == before


def test_the_modules_are_those_configured_else_those_that_workers_can_run(
    api: Api, redis: Redis, api_settings: Settings, template: Template
) -> None:
    assert _config(api, "eve")["modules_enabled"] == []
    able = [
        ModuleInfo(name="ocr", available=True),
        ModuleInfo(name="lpr"),
        ModuleInfo(name="bytetrack", available=True),
    ]
    Roster(redis).tell(WorkerInfo(instance="modules-0", ready=True, modules=tuple(able)))
    assert _config(api, "eve")["modules_enabled"] == ["bytetrack", "ocr"]
    configured = api_settings.model_copy(update={"modules": ModulesSettings(enabled=("ppe", "ocr"))})
    other = open_api(configured, template.keys)
    assert _config(other, "eve")["modules_enabled"] == ["ppe", "ocr"]
    other.opened.close()


def test_the_settings_are_shown_to_administrators_only(api: Api) -> None:
    assert _config(api, "alice")["settings"] is None
    assert _config(api, "boss")["settings"]["eye"]["model"] == "yolox_nano"


@pytest.mark.parametrize(
    ("cores", "ram_gb", "tier"),
    [(16, 15.5, "A"), (8, 15.0, "A"), (8, 14.9, "B"), (7, 64, "B"), (4, 7.6, "B"), (4, 3.8, "C"), (2, 64, "C")],
)
def test_the_tier_follows_cores_and_memory(cores: int, ram_gb: float, tier: str) -> None:
    assert hardware_tier(cores, ram_gb) == tier


# restart --------------------------------------------------------------------------------------------------------------


def _orders(redis: Redis) -> list[Restart]:
    orders = [decode(fields) for _, fields in redis.xrange(COMMANDS.stream())]  # type: ignore[union-attr]
    return [order for order in orders if isinstance(order, Restart)]


def test_a_restart_is_answered_as_in_the_contract_ordered_and_noted(api: Api, redis: Redis) -> None:
    answer = api.post("/system/restart", {"graceful": True, "timeout_seconds": 30}, who="boss")
    assert answer.status_code == 202
    assert answer.json == {
        "status": "shutting_down",
        "timeout_seconds": 30,
        "message": "System will restart in 30 seconds",
    }
    assert [(order.services, order.timeout_s) for order in _orders(redis)] == [((), 30.0)]
    with api.session() as session:
        (row,) = session.scalars(select(AuditRow).where(AuditRow.action == "system.restart"))
    assert (row.principal, row.address, row.at) == ("boss/key:test", "127.0.0.1", START)
    assert row.detail == {"services": [], "graceful": True, "timeout_s": 30}


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (None, ((), 30.0)),
        ({}, ((), 30.0)),
        ({"timeout_seconds": 300}, ((), 300.0)),
        ({"graceful": False, "timeout_seconds": 5}, ((), 0.0)),
        ({"services": ["eye", "brain", "eye"]}, (("brain", "eye"), 30.0)),
    ],
)
def test_what_is_left_out_has_its_default(api: Api, redis: Redis, body: Any, order: Any) -> None:
    assert api.post("/system/restart", body, who="boss").status_code == 202
    assert [(each.services, each.timeout_s) for each in _orders(redis)] == [order]


def test_a_restart_that_is_not_graceful_is_immediate(api: Api) -> None:
    answer = api.post("/system/restart", {"graceful": False}, who="boss")
    assert answer.json is not None
    assert answer.json["message"] == "System will restart immediately"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 301}, "timeout_seconds"),
        ({"timeout_seconds": "30"}, "timeout_seconds"),
        ({"timeout_seconds": 1.5}, "timeout_seconds"),
        ({"timeout_seconds": None}, "timeout_seconds"),
        ({"graceful": "yes"}, "graceful"),
        ({"graceful": 1}, "graceful"),
        ({"services": []}, "services"),
        ({"services": ["redis"]}, "services[0]"),
        ({"services": "eye"}, "services"),
    ],
)
def test_a_bad_restart_is_refused_by_its_field_and_nothing_happens(
    api: Api, redis: Redis, body: Any, field: str
) -> None:
    answer = api.post("/system/restart", body, who="boss")
    assert answer.status_code == 400
    assert answer.json is not None
    assert f"Field '{field}'" in answer.json["message"]
    assert _orders(redis) == []
    assert _audited(api) == 0


def _audited(api: Api) -> int:
    with api.session() as session:
        return len(session.scalars(select(AuditRow).where(AuditRow.action == "system.restart")).all())


def test_only_the_scope_admin_may_restart(api: Api, redis: Redis) -> None:
    assert api.post("/system/restart", {}, who="alice").status_code == 403
    assert api.post("/system/restart", {}, who="eve").status_code == 403
    assert api.post("/system/restart", {}, who=None).status_code == 401
    reading = api.post("/auth/keys", {"name": "reader", "scopes": ["write"]}, who="boss").json
    assert reading is not None
    key = {"X-API-Key": reading["key"]}
    assert api.post("/system/restart", {}, who=None, headers=key).status_code == 403
    assert _orders(redis) == []
    assert _audited(api) == 0


def test_without_redis_a_restart_is_refused_and_leaves_no_trace(tmp_path: Path, template: Template) -> None:
    url = template.copy_to(tmp_path / "data" / "argus.db")
    settings = Settings(data_dir=tmp_path / "data", redis_url="redis://127.0.0.1:1/0", database_url=url)
    api = open_api(settings, template.keys)
    answer = api.post("/system/restart", {}, who="boss")
    assert answer.status_code == 503
    assert answer.json is not None
    assert set(answer.json) == {"error", "message", "timestamp"}
    assert _audited(api) == 0
    api.opened.close()


def test_one_idempotency_key_restarts_once(api: Api, redis: Redis) -> None:
    for _ in range(2):
        assert api.post("/system/restart", {}, who="boss", headers={"Idempotency-Key": "once"}).status_code == 202
    assert len(_orders(redis)) == 1


def test_every_answer_is_json_that_a_strict_reader_takes(api: Api) -> None:
    for path in ("/system/stats", "/system/config", "/system/logs"):
        json.loads(api.get(path, who="boss").data, parse_constant=pytest.fail)


def test_no_secret_leaves_through_the_configuration(tmp_path: Path, redis_url: str, template: Template) -> None:
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "redis_url": redis_url + "?client_name=CaNaRy",
            "database_url": template.copy_to(tmp_path / "data" / "argus.db"),
            "admin_password": "CaNaRy",
            "models_mirror": "https://u:CaNaRy@mirror.example/models",
            "webhooks": {
                "endpoints": [{"url": "https://hooks.example/CaNaRy", "auth_type": "bearer", "token": "CaNaRy"}]
            },
            "alerts": {"channel_settings": {"telegram": {"bot_token": "CaNaRy"}}},
        }
    )
    api = open_api(settings, template.keys)
    for who in ("boss", "eve"):
        answer = api.get("/system/config", who=who)
        assert answer.status_code == 200
        assert "CaNaRy" not in answer.text
    api.opened.close()
