"""The NVIDIA GPUs of this machine, asked of the driver itself."""

from __future__ import annotations

import ctypes

_NAME_BYTES = 96


def gpu_names() -> list[str]:
    """The names of the GPUs; empty when there is no driver or no GPU."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return []
    if nvml.nvmlInit_v2() != 0:
        return []
    try:
        count = ctypes.c_uint()
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return []
        return [_name(nvml, index) for index in range(count.value)]
    finally:
        nvml.nvmlShutdown()


def _name(nvml: ctypes.CDLL, index: int) -> str:
    handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(_NAME_BYTES)
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) != 0:
        return f"GPU {index}"
    if nvml.nvmlDeviceGetName(handle, name, _NAME_BYTES) != 0:
        return f"GPU {index}"
    return name.value.decode(errors="replace")
