"""Which processes make up an installation, and the environment they are started with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.cli.child import Service
from services.cli.folders import Folders
from services.cli.python import PYTHON
from shared.domain.errors import UserError
from shared.settings import Settings
from shared.settings.section import nearest

# In the order they are started: whoever receives is there before whoever sends.
MODULES: Mapping[str, tuple[str, str]] = {
    "modules-worker": ("modules", "services.modules.worker"),
    "judge-worker": ("brain", "services.brain.judge_worker"),
    "alerts-worker": ("alerts", "services.alerts.worker"),
    "alerts": ("alerts", "services.alerts"),
    "brain": ("brain", "services.brain"),
    "eye": ("eye", "services.eye"),
    "ingest": ("ingest", "services.ingest"),
    "gateway": ("gateway", "services.gateway"),
}
SERVICES = ("gateway", "ingest", "eye", "brain", "alerts", "modules")

# One process per service, several on one machine: their numeric libraries must not each take all cores.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start, and under which instance names it will beat."""

    services: tuple[Service, ...]
    instances: Mapping[str, str]


def chosen(names: str | None) -> frozenset[str]:
    """The services of `--only a,b`; all of them without. Raises `UserError` for an unknown one."""
    if not names:
        return frozenset(SERVICES)
    given = [name.strip() for name in names.split(",") if name.strip()]
    for name in given:
        if name not in SERVICES:
            raise UserError("--only", f"{name!r} is no service", remedy=nearest(name, SERVICES))
    if not given:
        raise UserError("--only", "names no service", remedy=f"use one or more of {', '.join(SERVICES)}")
    return frozenset(given)


def plan(settings: Settings, folders: Folders, *, redis_url: str, only: Iterable[str]) -> Plan:
    """The processes of the services in `only`, in the order they are to be started."""
    wanted = frozenset(only)
    shared = environment(settings, folders, redis_url=redis_url)
    names = [
        name
        for name, (service, _) in MODULES.items()
        if service in wanted and (name != "judge-worker" or settings.has_judge)
    ]
    instances = {name: f"{name}-0" for name in names}
    services = tuple(
        Service(name, (*PYTHON, "-m", MODULES[name][1]), {**shared, "ARGUS_INSTANCE": instances[name]})
        for name in names
    )
    return Plan(services, instances)


def environment(settings: Settings, folders: Folders, *, redis_url: str) -> dict[str, str]:
    """What every service is told beyond this process' own environment."""
    told = {
        "ARGUS_DATA_DIR": str(folders.data),
        "ARGUS_REDIS_URL": redis_url,
        # The supervisor renders; services always write JSON.
        "ARGUS_LOG__FORMAT": "json",
        "PROMETHEUS_MULTIPROC_DIR": str(folders.metrics),
        "PYTHONUNBUFFERED": "1",
        # As `PYTHON` does, for what services start themselves.
        "PYTHONSAFEPATH": "1",
    }
    if os.environ.get("ARGUS_CONFIG"):
        told["ARGUS_CONFIG"] = str(Path(os.environ["ARGUS_CONFIG"]).absolute())
    told.update({name: os.environ.get(name, "1") for name in _THREADS})
    return told
