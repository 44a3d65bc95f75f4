"""GPUs as NVIDIA's driver tells of them: a library of the same form stands in for the driver."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from shared.observability.gpu import Gpu, GpuDriver

DRIVER = """
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
static int gpus[2], is_open, asked;
int nvmlInit_v2(void) { is_open = 1; return 0; }
int nvmlShutdown(void) { is_open = 0; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) {
    if (asked++ == 2) is_open = 0; /* the driver is replaced before the third question */
    *count = 2;
    return is_open ? 0 : 999;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **gpu) { *gpu = &gpus[index]; return 0; }
int nvmlDeviceGetName(void *gpu, char *name, unsigned length) {
    if (gpu == &gpus[1]) return 3;
    strncpy(name, "NVIDIA RTX 4080", length);
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *gpu, memory_t *memory) {
    memory->total = 17179869184ull; memory->used = 4509715660ull; memory->free = memory->total - memory->used;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *gpu, utilization_t *rates) {
    rates->gpu = 65; rates->memory = 10;
    return gpu == &gpus[1] ? 3 : 0;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler: apt-get install gcc")
    folder: Path = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    made = folder / "libdriver.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, folder / "driver.c"], check=True, timeout=60)
    return str(made)


def test_what_the_driver_tells_is_read_and_a_driver_that_was_replaced_is_opened_anew(library: str) -> None:
    driver = GpuDriver(library)
    expected = [
        Gpu("NVIDIA RTX 4080", 4509715660, 17179869184, 65),
        Gpu("GPU 1", 4509715660, 17179869184, None),
    ]
    assert [driver.gpus() for _ in range(4)] == [expected, expected, [], expected]
    driver.close()
    assert driver.gpus() == expected  # opened again when asked again
    driver.close()


def test_without_a_driver_there_are_none() -> None:
    assert GpuDriver("libthere-is-none.so.1").gpus() == []
    assert GpuDriver("libc.so.6").gpus() == []  # a library, but no driver
