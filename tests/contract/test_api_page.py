"""Every example of the API's page works: run with curl against a real gateway, with the answer that is shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from shared.messages.answers import ProbeAnswer, SnapshotAnswer
from shared.messages.commands import ProbeCamera, TakeSnapshot
from shared.messages.message import Message
from shared.settings import Settings
from tests.conftest import PROJECT
from tests.contract.dialects.world import (
    AT,
    a_job_that_is_done,
    a_worker_for_lpr,
    prepare,
    two_records,
    working_channels,
)
from tests.integration.gateway.server import start_server
from tests.processes import Processes
from tests.system import require
from tests.unit.gateway.fixtures import api, api_settings, template
from tests.unit.gateway.installation import JPEG, PASSWORD, Api, Template
from tests.unit.gateway.stand_in import standing_in

__all__ = ["api", "api_settings", "template"]

PAGE = PROJECT / "docs" / "reference" / "api.md"
MORE = "…"

_EXAMPLE = re.compile(
    r"```bash\n(?P<command>.*?)```\n\n`(?P<status>\d{3})`(?:\n\n```json\n(?P<answer>.*?)```)?", re.DOTALL
)
_FOUND = ProbeAnswer(
    ok=True,
    url="",
    codec="h264",
    width=1920,
    height=1080,
    fps=25.0,
    keyframe_interval_s=2.0,
    has_audio=True,
    latency_ms=840,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A command of the page with the answer it shows, None when that is no JSON."""

    command: str
    status: int
    answer: Any


def examples() -> list[Example]:
    return [
        Example(found["command"], int(found["status"]), json.loads(found["answer"]) if found["answer"] else None)
        for found in _EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))
    ]


def ingest(order: Message) -> bytes | None:
    """What a camera's service says when it is asked."""
    if isinstance(order, TakeSnapshot):
        return SnapshotAnswer(camera=order.camera, captured_at=AT, width=1920, height=1080, jpeg=JPEG).packed()
    return _FOUND.packed() if isinstance(order, ProbeCamera) else None


@pytest.fixture
def environment(
    api: Api,
    api_settings: Settings,
    template: Template,
    redis: Redis,
    processes: Processes,
    tmp_path: Path,
    wait_until: Callable[..., object],
) -> Iterator[dict[str, str]]:
    """A gateway of two processes over the world of the examples, and what a shell needs to ask it."""
    require("curl", shutil.which("curl"))
    prepare(api, redis)
    with ExitStack() as stack:
        for given in (a_job_that_is_done, a_worker_for_lpr, two_records, working_channels):
            stack.enter_context(given(api, redis, api_settings))
        stack.enter_context(standing_in(redis, ingest))
        server = start_server(processes, tmp_path, api_settings.known_redis_url, template.keys)
        server.wait_until_it_answers(wait_until)
        yield {
            **{name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")},
            "ARGUS_URL": server.url,
            "ARGUS_KEY": template.keys["boss"],
            "ARGUS_USER": "boss",
            "ARGUS_PASSWORD": PASSWORD,
        }
        server.stop()


def run(example: Example, environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """The status of the answer, and the answer."""
    told = "curl() { command curl --noproxy '*' -w '\\n%{http_code}' \"$@\"; }\n"
    done = subprocess.run(
        ["bash", "-euc", told + example.command],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{example.command}{done.stderr}"
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), answer


def compare(shown: Any, found: Any, place: str) -> None:
    """The same fields with values of the same kind; `MORE` in what is shown stands for any others."""
    if isinstance(shown, dict):
        assert isinstance(found, dict), f"{place}: {found!r}"
        named = [name for name in shown if name != MORE]
        assert named == [name for name in found if name in named or MORE not in shown], place
        for name in named:
            compare(shown[name], found[name], f"{place}.{name}")
    elif isinstance(shown, list):
        assert isinstance(found, list), f"{place}: {found!r}"
        assert bool(shown) == bool(found), place
        for index, each in enumerate(shown):
            compare(each, _alike(each, found) or found[min(index, len(found) - 1)], f"{place}[]")
    elif shown is not None and found is not None:
        number = (int, float)
        is_number = isinstance(shown, number) and not isinstance(shown, bool)
        assert isinstance(found, number if is_number else type(shown)), f"{place}: {found!r} is not like {shown!r}"


def _alike(shown: Any, found: list[Any]) -> Any:
    """Of things with names the one of the same name."""
    named = isinstance(shown, dict) and "name" in shown
    return next((each for each in found if each.get("name") == shown["name"]), None) if named else None


def test_every_example_is_answered_as_the_page_shows(environment: dict[str, str], tmp_path: Path) -> None:
    for example in examples():
        status, answer = run(example, environment, tmp_path)
        assert status == example.status, f"{example.command}{answer}"
        if example.answer is not None:
            compare(example.answer, json.loads(answer), example.command)
        else:
            assert not answer, example.command


def test_every_block_of_the_page_is_an_example_with_its_answer() -> None:
    assert PAGE.read_text(encoding="utf-8").count("```bash\n") == len(examples()) > 30


def test_every_endpoint_is_on_the_page(api: Api) -> None:
    page = PAGE.read_text(encoding="utf-8")
    document = api.get("/openapi.json", who=None).json
    assert document is not None
    forms = {path: re.sub(r"\\\{\w+\\\}", r"[\\w{}-]+", re.escape(path)) for path in document["paths"]}
    assert [path for path, form in forms.items() if not re.search(rf"{form}(?=[\"?`\s])", page)] == []
