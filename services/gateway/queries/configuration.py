"""The configuration in effect."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.gateway.queries.machine import cpu_cores, total_memory_gb
from services.gateway.queries.rules import rules_count
from services.gateway.soft_redis import SoftRedis
from shared.cameras.registry import count_cameras
from shared.modules.roster import Roster, WorkerInfo, modules_of
from shared.settings import Settings
from shared.settings.shown import shown_settings

# What a tier takes at least: cores, and GiB of memory as the system sees it (a little less than is built in).
_TIERS = (("A", 8, 15.0), ("B", 4, 7.0))


def hardware_tier(cores: int, ram_gb: float) -> str:
    """A: 8 cores and 16 GB or more, the whole pipeline at once. B: 4 cores and 8 GB. C: less, a few cameras."""
    return next((tier for tier, least, gb in _TIERS if cores >= least and ram_gb >= gb), "C")


def configuration(
    session: Session, soft_redis: SoftRedis, settings: Settings, *, account_id: int | None
) -> dict[str, Any]:
    """The configuration as every client may see it; cameras and rules are those that the account sees."""
    cores, ram_gb = cpu_cores(), total_memory_gb()
    return {
        "system": {"name": settings.system.name, "environment": settings.system.environment},
        "hardware": {"tier": hardware_tier(cores, ram_gb), "cpu_cores": cores, "ram_gb": ram_gb},
        "eye": {"fps": settings.ingest.active_fps, "yolo_model": settings.eye.model},
        "modules_enabled": modules_enabled(soft_redis, settings),
        "cameras_count": count_cameras(session, account_id=account_id),
        "rules_count": rules_count(session, account_id),
    }


def modules_enabled(soft_redis: SoftRedis, settings: Settings) -> list[str]:
    """The specialists that are configured; where that is left open, those the living workers can run.

    Without Redis the latter are not known.
    """
    if settings.modules.enabled:
        return list(settings.modules.enabled)
    nobody: list[WorkerInfo] = []
    workers = soft_redis.attempt(lambda redis: Roster(redis).workers(), otherwise=nobody, purpose="modules")
    return sorted(name for name, module in modules_of(workers).items() if module.available)


def all_settings(settings: Settings) -> dict[str, Any]:
    """Every setting in effect without its secrets, for administrators."""
    return shown_settings(settings)
