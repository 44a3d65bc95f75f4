"""`argus models`, as an operator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.weights.registry import load_registry
from tests.unit.cli.conftest import Argus, Outcome
from tests.unit.weights.samples import CONTENT, FILE, weights_of
from tests.unit.weights.server import Behaviour, serving

Run = Callable[..., Outcome]

OWN = """version = 1
[weights.tiny]
task = "detection"
file = "{0.file}"
url = "{0.url}"
sha256 = "{0.sha256}"
bytes = {0.bytes}
licence = "MIT"
commercial_ok = false
output = {{ layout = "yolox" }}
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "mirror").mkdir()
    own = tmp_path / "own.toml"
    own.write_text(OWN.format(weights_of()))
    return {
        "ARGUS_DATA_DIR": str(tmp_path / "data"),
        "ARGUS_MODELS_MIRROR": str(tmp_path / "mirror"),
        "ARGUS_WEIGHTS_REGISTRY": str(own),
    }


def without_mirror(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != "ARGUS_MODELS_MIRROR"}


@pytest.fixture
def run(argus: Argus) -> Run:
    def models_command(environ: dict[str, str], *arguments: str) -> Outcome:
        return argus("models", *arguments, **environ)

    return models_command


def test_weights_are_listed_with_their_licence_and_state(run: Run, environ: dict[str, str]) -> None:
    result = run(environ, "list")
    assert result.status == 0
    assert "yolox_nano *" in result.out
    assert "MIT, non-commercial" in result.out


def test_the_list_is_also_json(run: Run, environ: dict[str, str]) -> None:
    listed = json.loads(run(environ, "list", "--json").out)
    assert [entry["name"] for entry in listed] == [*load_registry().entries, "tiny"]
    assert listed[0] | {"state": "missing", "default": True, "task": "detection"} == listed[0]


def test_weights_are_pulled_and_verified(run: Run, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT)
    pulled = run(environ, "pull", "tiny")
    assert (pulled.status, pulled.err) == (0, "")
    assert pulled.out == f"tiny: ok, {tmp_path / 'data' / 'models' / FILE} (MIT)\n"
    assert run(environ, "verify").out == "tiny: ok\n"


def test_weights_are_pulled_from_their_origin(run: Run, environ: dict[str, str], tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT)) as root:
        (tmp_path / "own.toml").write_text(OWN.format(weights_of(url=f"{root}/{FILE}")))
        result = run(without_mirror(environ), "pull", "tiny")
    assert result.status == 0
    assert (tmp_path / "data" / "models" / FILE).read_bytes() == CONTENT


def test_what_cannot_be_pulled_is_one_line_each_and_the_rest_is_pulled(
    run: Run, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT)
    result = run(environ, "pull", "yunet", "tiny", "sface")
    assert result.status == 2
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["argus", "argus"]
    assert result.out.startswith("tiny: ok")


def test_all_weights_without_a_mirror_skip_those_without_a_download(run: Run, environ: dict[str, str]) -> None:
    environ = without_mirror(environ) | {"HTTPS_PROXY": "http://127.0.0.1:9"}
    result = run(environ, "pull", "--all", "--timeout", "0.1")
    assert "tiny: skipped, it has no public download" in result.out
    assert result.status == 2


def test_with_no_name_the_default_weights_are_pulled(run: Run, environ: dict[str, str]) -> None:
    result = run(environ, "pull")
    assert result.status == 2
    assert "yolox_nano.onnx: cannot be read from the mirror" in result.err


def test_weights_with_a_wrong_checksum_are_one_clear_line_and_leave_nothing(
    run: Run, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT[:-1] + b"x")
    result = run(environ, "pull", "tiny")
    assert result.status == 2
    assert result.err.startswith("argus: weights 'tiny': wrong checksum from ")
    assert result.err.count("\n") == 1
    assert not list((tmp_path / "data" / "models").iterdir())


@pytest.mark.parametrize("command", ["list", "pull", "verify"])
def test_a_wrong_setting_is_told_as_by_every_other_command(run: Run, environ: dict[str, str], command: str) -> None:
    result = run(environ | {"ARGUS_MODLES_MIRROR": "x"}, command)
    assert (result.status, result.out) == (2, "")
    assert result.err == "argus: ARGUS_MODLES_MIRROR: unknown setting – did you mean 'ARGUS_MODELS_MIRROR'?\n"


def test_damaged_weights_fail_the_check(run: Run, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / FILE).write_bytes(b"no weights")
    result = run(environ, "verify")
    assert result.status == 1
    assert result.out == "tiny: damaged\n"
    assert result.err == "argus: not usable: tiny – run 'argus models pull tiny'\n"


def test_named_weights_that_are_missing_fail_the_check(run: Run, environ: dict[str, str]) -> None:
    result = run(environ, "verify", "tiny")
    assert (result.status, result.out) == (1, "tiny: missing\n")
    assert run(environ, "verify").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pull", "tini"], "argus: weights 'tini': are not in the registry – did you mean 'tiny'?\n"),
        (["pull", "tiny", "--all"], "Error: give names, or --default, or --all\n"),
        (["pull", "--timeout", "soon"], "'soon' is not a valid float range.\n"),
    ],
)
def test_wrong_use_is_one_clear_line(run: Run, environ: dict[str, str], arguments: list[str], said: str) -> None:
    result = run(environ, *arguments)
    assert result.status == 2
    assert result.err.endswith(said)


@pytest.mark.parametrize("command", [[], ["list"], ["pull"], ["verify"]])
def test_every_help_has_an_example(argus: Argus, command: list[str]) -> None:
    assert "Example: argus models" in argus("models", *command, "--help").out
