"""Which wheel of a locked package is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.setup.wheels import Machine, Wheel, locked_registry, locked_wheel, this_machine

PROJECT = Path(__file__).resolve().parents[3]
GLIBC = ("glibc", (2, 36))


@pytest.mark.parametrize(
    ("machine", "part_of_name"),
    [
        (Machine("linux", "x86_64", GLIBC), "manylinux_2_17_x86_64"),
        (Machine("linux", "aarch64", GLIBC), "manylinux_2_17_aarch64"),
        (Machine("linux", "armv7l", GLIBC), "armv7l"),
        (Machine("linux", "i686", GLIBC), "i686"),
        (Machine("linux", "x86_64", ("musl", (1, 2))), "musllinux_1_1_x86_64"),
        (Machine("linux", "aarch64", ("musl", (1, 2))), "musllinux_1_1_aarch64"),
        (Machine("darwin", "x86_64", release=(13, 1)), "macosx_10_12_x86_64"),
        (Machine("darwin", "aarch64", release=(14, 0)), "macosx_11_0_arm64"),
        (Machine("windows", "x86_64"), "win_amd64"),
    ],
)
def test_each_machine_gets_its_own_uv_from_the_lock(machine: Machine, part_of_name: str) -> None:
    wheel = locked_wheel(PROJECT / "uv.lock", "uv", machine)
    assert wheel
    assert part_of_name in wheel.file
    assert len(wheel.sha256) == 64
    assert wheel.file.startswith(f"uv-{wheel.version}-")


@pytest.mark.parametrize(
    "machine",
    [Machine("linux", "x86_64", ("glibc", (2, 12))), Machine("sunos", "sparc"), Machine("linux", "vax", GLIBC)],
)
def test_a_machine_no_wheel_runs_on_gets_none(machine: Machine) -> None:
    assert locked_wheel(PROJECT / "uv.lock", "uv", machine) is None


def test_a_package_that_is_not_locked_has_no_wheel() -> None:
    assert locked_wheel(PROJECT / "uv.lock", "no-such-package", this_machine()) is None


@pytest.mark.parametrize(
    ("tag", "runs"),
    [
        ("any", True),
        ("manylinux2014_x86_64", True),
        ("manylinux_2_36_x86_64", True),
        ("manylinux_2_37_x86_64", False),
        ("manylinux_2_17_aarch64", False),
        ("musllinux_1_2_x86_64", False),
        ("linux_x86_64", True),
        ("macosx_10_9_x86_64", False),
        ("win_amd64", False),
    ],
)
def test_platform_tags_are_read_by_system_libc_and_machine(tag: str, runs: bool) -> None:  # noqa: FBT001 (a table)
    assert Machine("linux", "x86_64", GLIBC).runs(tag) is runs


def test_the_lock_tells_its_registry(tmp_path: Path) -> None:
    assert locked_registry(PROJECT / "uv.lock").startswith("https://")
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "x"\nsource = { editable = "." }\n')
    assert locked_registry(tmp_path / "uv.lock") == ""


def test_this_machine_runs_one_of_the_locked_wheels() -> None:
    assert locked_wheel(PROJECT / "uv.lock", "uv", this_machine())


def test_a_wheel_of_several_platforms_names_them_all() -> None:
    wheel = Wheel("https://host.example/p/x-1-py3-none-manylinux_2_17_i686.manylinux2014_i686.whl", "", "1")
    assert wheel.platforms == ("manylinux_2_17_i686", "manylinux2014_i686")
