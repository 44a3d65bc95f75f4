"""Which wheel of a locked package runs on this machine."""

from __future__ import annotations

import os
import platform
import re
import struct
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_GLIBC_NAMES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "x86": "i686", "i386": "i686"}
_THIRTY_TWO_BITS = {"x86_64": "i686", "aarch64": "armv7l"}


@dataclass(frozen=True)
class Wheel:
    """One locked file of a package."""

    url: str
    sha256: str
    version: str

    @property
    def file(self) -> str:
        return urlsplit(self.url).path.rsplit("/", 1)[-1]

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(self.file.removesuffix(".whl").rsplit("-", 1)[-1].split("."))


@dataclass(frozen=True)
class Machine:
    """What decides whether a binary runs. `libc` is ("glibc", (2, 36)), ("musl", (1, 2)) or ("", (0, 0))."""

    system: str
    machine: str
    libc: tuple[str, tuple[int, int]] = ("", (0, 0))
    release: tuple[int, int] = (0, 0)

    def runs(self, tag: str) -> bool:
        """Whether wheels with this platform tag run here."""
        if tag == "any":
            return True
        if self.system == "linux":
            return self._linux_runs(tag)
        if self.system == "darwin":
            match = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
            arm = {"aarch64": "arm64"}.get(self.machine, self.machine)
            return bool(match and match[3] in (arm, "universal2") and _pair(match) <= self.release)
        windows = {"x86_64": "win_amd64", "aarch64": "win_arm64", "i686": "win32"}
        return self.system == "windows" and tag == windows.get(self.machine)

    def _linux_runs(self, tag: str) -> bool:
        name, version = self.libc
        if match := re.fullmatch(r"manylinux_(\d+)_(\d+)_(\w+)", tag):
            return name == "glibc" and _pair(match) <= version and match[3] == self.machine
        if match := re.fullmatch(r"musllinux_(\d+)_(\d+)_(\w+)", tag):
            return name == "musl" and _pair(match) <= version and match[3] == self.machine
        prefix, _, machine = tag.partition("_")
        if prefix in _GLIBC_NAMES:
            return name == "glibc" and _GLIBC_NAMES[prefix] <= version and machine == self.machine
        return prefix == "linux" and machine == self.machine


def this_machine() -> Machine:
    """The machine this Python runs on."""
    machine = platform.machine().lower()
    machine = _MACHINES.get(machine, machine)
    if struct.calcsize("P") == 4:  # a 32-bit Python on a 64-bit kernel
        machine = _THIRTY_TWO_BITS.get(machine, machine)
    system = {"win32": "windows"}.get(sys.platform, sys.platform)
    return Machine(system, machine, _libc() if system == "linux" else ("", (0, 0)), _version(platform.mac_ver()[0]))


def locked_registry(lock: Path) -> str:
    """The registry whose addresses a uv.lock holds; empty when there is none."""
    sources = (entry.get("source", {}) for entry in _packages(lock))
    return next((str(source["registry"]) for source in sources if "registry" in source), "")


def locked_wheel(lock: Path, package: str, machine: Machine) -> Wheel | None:
    """The first wheel of `package` in a uv.lock that runs on `machine`."""
    for entry in _packages(lock):
        if entry["name"] == package:
            for wheel in entry.get("wheels", []):
                found = Wheel(wheel["url"], wheel["hash"].removeprefix("sha256:"), entry["version"])
                if any(machine.runs(tag) for tag in found.platforms):
                    return found
    return None


def _packages(lock: Path) -> list[dict[str, Any]]:
    with lock.open("rb") as file:
        packages: list[dict[str, Any]] = tomllib.load(file)["package"]
    return packages


def _libc() -> tuple[str, tuple[int, int]]:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):  # only glibc knows this name
        name, version = "", ""
    return ("glibc", _version(version)) if name == "glibc" else ("musl", (1, 2))


def _version(text: str) -> tuple[int, int]:
    numbers = [int(part) for part in re.findall(r"\d+", text)[:2]]
    major, minor = [*numbers, 0, 0][:2]
    return major, minor


def _pair(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2])
