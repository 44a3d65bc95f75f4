"""The NVIDIA GPUs of this machine, asked of the driver itself (NVML) without a package of its own."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass

LIBRARY = "libnvidia-ml.so.1"

_NAME_BYTES = 96


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU now; None for what its driver does not tell (a slice of a divided GPU has no utilization)."""

    name: str
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    utilization_percent: int | None = None


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class GpuDriver:
    """Opened at the first question and kept open, for opening may take a second. Thread-safe."""

    def __init__(self, library: str = LIBRARY) -> None:
        self._library = library
        self._nvml: ctypes.CDLL | None = None
        self._lock = threading.Lock()

    def gpus(self) -> list[Gpu]:
        """The GPUs; empty when there is no driver or no GPU. Blocks as long as the driver does."""
        with self._lock:
            try:
                self._nvml = self._nvml or _opened(self._library)
                count = ctypes.c_uint()
                if self._nvml is None or self._nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
                    self._close()  # the driver was replaced: opened anew at the next question
                    return []
                return [_gpu(self._nvml, index) for index in range(count.value)]
            except (OSError, AttributeError):  # no such library, or one that lacks what every driver has
                return []

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._nvml is not None:
            self._nvml.nvmlShutdown()
            self._nvml = None


def gpu_names() -> list[str]:
    """The names of the GPUs; empty when there is no driver or no GPU."""
    driver = GpuDriver()
    try:
        return [gpu.name for gpu in driver.gpus()]
    finally:
        driver.close()


def _opened(library: str) -> ctypes.CDLL | None:
    nvml = ctypes.CDLL(library)
    return nvml if nvml.nvmlInit_v2() == 0 else None


def _gpu(nvml: ctypes.CDLL, index: int) -> Gpu:
    handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(_NAME_BYTES)
    if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)) != 0:
        return Gpu(f"GPU {index}")
    named = nvml.nvmlDeviceGetName(handle, name, ctypes.c_uint(_NAME_BYTES)) == 0
    memory, utilization = _Memory(), _Utilization()
    has_memory = nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == 0
    has_utilization = nvml.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(utilization)) == 0
    return Gpu(
        name.value.decode(errors="replace") if named else f"GPU {index}",
        memory_used_bytes=memory.used if has_memory else None,
        memory_total_bytes=memory.total if has_memory else None,
        utilization_percent=utilization.gpu if has_utilization else None,
    )
