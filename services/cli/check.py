"""One finding of `argus doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do when it is not well."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Check:
    return Check(name, State.OK, detail)


def warn(name: str, detail: str, *, remedy: str) -> Check:
    return Check(name, State.WARN, detail, remedy)


def fail(name: str, detail: str, *, remedy: str) -> Check:
    return Check(name, State.FAIL, detail, remedy)
