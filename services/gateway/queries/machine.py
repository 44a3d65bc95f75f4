"""The machine the gateway runs on: processors, memory, disk and GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from shared.observability.gpu import Gpu

GIB = 1024**3

_RECENT_S = 10.0
_GLANCE_S = 0.2
# The sensors of processors, the most telling first: Intel, AMD, ARM boards, and what boards call a CPU.
_CPU_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal", "acpitz")
_PLAUSIBLE_CELSIUS = (1.0, 130.0)


class CpuGauge:
    """How busy the processors are, of all that runs on the machine.

    `sample` is called every few seconds by one and the same thread; without it each question takes a fifth of a
    second to look.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._primed = False
        self._latest: tuple[float, float] | None = None

    def sample(self) -> None:
        """Note how busy they were since the last call."""
        percent = psutil.cpu_percent()
        if self._primed:
            self._latest = (self._monotonic(), percent)
        self._primed = True

    def percent(self) -> float:
        """Between 0 and 100, of the last seconds."""
        latest = self._latest
        if latest is not None and self._monotonic() - latest[0] <= _RECENT_S:
            return latest[1]
        return psutil.cpu_percent(interval=_GLANCE_S)


def cpu_temperature() -> float | None:
    """The hottest processor, in degrees Celsius; None where nothing measures it."""
    read = getattr(psutil, "sensors_temperatures", None)
    return hottest(read()) if read is not None else None


def hottest(sensors: Mapping[str, Sequence[Any]]) -> float | None:
    """The highest plausible reading of the most telling sensor there is."""
    low, high = _PLAUSIBLE_CELSIUS
    for name in _CPU_SENSORS:
        readings = [float(each.current) for each in sensors.get(name, ()) if each.current is not None]
        plausible = [reading for reading in readings if low <= reading <= high]
        if plausible:
            return round(max(plausible), 1)
    return None


def memory() -> dict[str, float]:
    """What programs use of the memory, in GiB; what the system can give back at once does not count."""
    now = psutil.virtual_memory()
    return _filled(now.total - now.available, now.total)


def disk(folder: Path) -> dict[str, float]:
    """The disk that holds the folder, as `df` counts: space that only root may use is not to be had."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = psutil.disk_usage(str(folder))
    return {"used_gb": _gib(usage.used), "total_gb": _gib(usage.total), "percent": round(usage.percent, 1)}


def gpu(found: Sequence[Gpu]) -> dict[str, Any]:
    """The first GPU, which is the one that is used."""
    first = found[0] if found else None
    return {
        "available": first is not None,
        "model": first.name if first else None,
        "memory_used_gb": _gib(first.memory_used_bytes) if first else None,
        "memory_total_gb": _gib(first.memory_total_bytes) if first else None,
        "utilization_percent": first.utilization_percent if first else None,
        "count": len(found),
    }


def total_memory_gb() -> float:
    """The memory that is built in, to a tenth of a GiB."""
    return round(psutil.virtual_memory().total / GIB, 1)


def cpu_cores() -> int:
    """Logical processors."""
    return psutil.cpu_count() or 1


def _filled(used: int, total: int) -> dict[str, float]:
    percent = round(100 * used / total, 1) if total else 0.0
    return {"used_gb": _gib(used) or 0.0, "total_gb": _gib(total) or 0.0, "percent": percent}


def _gib(count: int | None) -> Any:
    return round(count / GIB, 2) if count is not None else None
