"""`argus models`, as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.models import models
from shared.weights.registry import load_registry
from tests.unit.weights.samples import CONTENT, FILE, weights_of
from tests.unit.weights.server import Behaviour, serving

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
def environ(tmp_path: Path) -> dict[str, str | None]:
    (tmp_path / "mirror").mkdir()
    own = tmp_path / "own.toml"
    own.write_text(OWN.format(weights_of()))
    return {
        "ARGUS_DATA_DIR": str(tmp_path / "data"),
        "ARGUS_MODELS_MIRROR": str(tmp_path / "mirror"),
        "ARGUS_WEIGHTS_REGISTRY": str(own),
    }


def run(environ: dict[str, str | None], *arguments: str) -> Result:
    return CliRunner().invoke(models, list(arguments), env=environ)


def test_weights_are_listed_with_their_licence_and_state(environ: dict[str, str | None]) -> None:
    result = run(environ, "list")
    assert result.exit_code == 0
    assert "yolox_nano *" in result.output
    assert "MIT, non-commercial" in result.output


def test_the_list_is_also_json(environ: dict[str, str | None]) -> None:
    listed = json.loads(run(environ, "list", "--json").output)
    assert [entry["name"] for entry in listed] == [*load_registry().entries, "tiny"]
    assert listed[0] | {"state": "missing", "default": True, "task": "detection"} == listed[0]


def test_weights_are_pulled_and_verified(environ: dict[str, str | None], tmp_path: Path) -> None:
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT)
    pulled = run(environ, "pull", "tiny")
    assert (pulled.exit_code, pulled.stderr) == (0, "")
    assert pulled.output == f"tiny: ok, {tmp_path / 'data' / 'models' / FILE} (MIT)\n"
    assert run(environ, "verify").output == "tiny: ok\n"


def test_weights_are_pulled_from_their_origin(environ: dict[str, str | None], tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT)) as root:
        (tmp_path / "own.toml").write_text(OWN.format(weights_of(url=f"{root}/{FILE}")))
        result = run(environ | {"ARGUS_MODELS_MIRROR": None}, "pull", "tiny")
    assert result.exit_code == 0
    assert (tmp_path / "data" / "models" / FILE).read_bytes() == CONTENT


def test_what_cannot_be_pulled_is_one_line_each_and_the_rest_is_pulled(
    environ: dict[str, str | None], tmp_path: Path
) -> None:
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT)
    result = run(environ, "pull", "yunet", "tiny", "sface")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["Error", "Error"]
    assert result.stdout.startswith("tiny: ok")


def test_all_weights_without_a_mirror_skip_those_without_a_download(environ: dict[str, str | None]) -> None:
    environ = environ | {"ARGUS_MODELS_MIRROR": None, "HTTPS_PROXY": "http://127.0.0.1:9"}
    result = run(environ, "pull", "--all", "--timeout", "0.1")
    assert "tiny: skipped, it has no public download" in result.stdout
    assert result.exit_code == 1


def test_with_no_name_the_default_weights_are_pulled(environ: dict[str, str | None]) -> None:
    result = run(environ, "pull")
    assert result.exit_code == 1
    assert "yolox_nano.onnx: cannot be read from the mirror" in result.stderr


def test_damaged_weights_fail_the_check(environ: dict[str, str | None], tmp_path: Path) -> None:
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / FILE).write_bytes(b"no weights")
    result = run(environ, "verify")
    assert result.exit_code == 1
    assert result.stdout == "tiny: damaged\n"
    assert result.stderr == "Error: not usable: tiny – run 'argus models pull tiny'\n"


def test_named_weights_that_are_missing_fail_the_check(environ: dict[str, str | None]) -> None:
    result = run(environ, "verify", "tiny")
    assert (result.exit_code, result.stdout) == (1, "tiny: missing\n")
    assert run(environ, "verify").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["pull", "tini"], 1, "Error: weights 'tini': are not in the registry – did you mean 'tiny'?\n"),
        (["pull", "tiny", "--all"], 2, "Error: give names, or --default, or --all\n"),
        (["pull", "--timeout", "soon"], 2, "'soon' is not a valid float"),
    ],
)
def test_wrong_use_is_one_clear_line(
    environ: dict[str, str | None], arguments: list[str], exit_code: int, said: str
) -> None:
    result = run(environ, *arguments)
    assert result.exit_code == exit_code
    assert said in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("command", [[], ["list"], ["pull"], ["verify"]])
def test_every_help_has_an_example(command: list[str]) -> None:
    assert "Example: argus models" in CliRunner().invoke(models, [*command, "--help"]).output
