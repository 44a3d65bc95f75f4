"""Entries built from an index page."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.errors import UserError
from shared.weights.condition import Condition
from shared.weights.entry import OutputLayout
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tools.weights_index import Provenance, registry_from_index

PAGE = f"""# Weights

| file | sha256 | origin (repository : path @ commit) | licence | in → out |
|---|---|---|---|---|
| a.onnx | {"a" * 64} | some-one/zoo : models/a/a_2023.onnx @ {"1" * 40} | MIT | f32 |
| b.tflite | {"b" * 64} | some/data : same name @ 0123456789ab | BSD-3 | u8 |
| c.onnx | {"c" * 64} | opencv/zoo : models/c.onnx @ {"2" * 40} (git LFS) | Apache-2.0 | f32 |
| d.onnx | {"d" * 64} | converted from x/y : z.pth @ {"3" * 40} | Apache-2.0 | f32 |
| e.onnx | {"e" * 64} | x/y : e.onnx @ {"3" * 40} | **AGPL**: measure only | f32 |

opencv/zoo @ {"4" * 40}, stored by git LFS:

| path under models/ | bytes | sha256 | licence |
|---|---|---|---|
| f/f_2023.onnx (as a.onnx) | 123 | {"f" * 64} | Apache-2.0 |
"""
ASSETS = Path(__file__).resolve().parents[4] / "shared" / "assets"
# The page names a commit whose file has another checksum; this one has the listed one.
CORRECTED_COMMITS = {"pose_landmark_lite.tflite": "710fb3de58dc10b7bc75f9cb758300c9016a5e4f"}


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Provenance]:
    page = tmp_path / "INDEX.md"
    page.write_text(PAGE, encoding="utf-8")
    (tmp_path / "a.onnx").write_bytes(b"12345")
    return {provenance.file: provenance for provenance in registry_from_index(page, files=tmp_path)}


def test_every_row_of_both_tables_is_found(found: dict[str, Provenance]) -> None:
    assert list(found) == ["a.onnx", "b.tflite", "c.onnx", "d.onnx", "e.onnx", "f_2023.onnx"]


@pytest.mark.parametrize(
    ("file", "url"),
    [
        ("a.onnx", f"https://raw.githubusercontent.com/some-one/zoo/{'1' * 40}/models/a/a_2023.onnx"),
        ("b.tflite", "https://raw.githubusercontent.com/some/data/0123456789ab/b.tflite"),
        ("c.onnx", f"https://media.githubusercontent.com/media/opencv/zoo/{'2' * 40}/models/c.onnx"),
        ("d.onnx", ""),
        ("f_2023.onnx", f"https://media.githubusercontent.com/media/opencv/zoo/{'4' * 40}/models/f/f_2023.onnx"),
    ],
)
def test_the_download_is_pinned_to_the_commit(found: dict[str, Provenance], file: str, url: str) -> None:
    assert found[file].url == url


def test_a_permissive_file_becomes_an_entry(found: dict[str, Provenance]) -> None:
    entry = found["a.onnx"].entry("a", task="detection", output=OutputLayout(layout="yolox"))
    assert (entry.bytes, entry.licence, entry.sha256) == (5, "MIT", "a" * 64)
    assert (found["b.tflite"].licence, found["f_2023.onnx"].bytes) == ("BSD-3-Clause", 123)


@pytest.mark.parametrize(("file", "said"), [("e.onnx", "licence: .*AGPL.* is not permissive"), ("b.tflite", "bytes")])
def test_other_files_do_not(found: dict[str, Provenance], file: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        found[file].entry("x", task="detection", output=OutputLayout(layout="yolox"))


def test_a_page_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Nothing here")
    with pytest.raises(UserError, match="lists no weights"):
        registry_from_index(tmp_path / "page.md")


@pytest.mark.skipif(not (ASSETS / "INDEX.md").is_file(), reason="../shared/assets/INDEX.md is not here")
def test_the_shipped_entries_agree_with_the_index_of_the_assets() -> None:
    listed = {entry.file: entry for entry in registry_from_index(ASSETS / "INDEX.md", files=ASSETS / "models")}
    shipped = {weights.file: weights for weights in load_registry()}
    assert shipped.keys() == {file for file, provenance in listed.items() if provenance.permissive}
    for file, weights in shipped.items():
        commit = CORRECTED_COMMITS.get(file) or completed(listed[file].commit, weights.url)
        provenance = replace(listed[file], commit=commit)
        built = provenance.entry(weights.name, task=weights.task, input=weights.input, output=weights.output)
        assert replace(weights, note="", default=False) == built


def completed(commit: str, url: str) -> str:
    """The full commit when `url` has one that begins like this one, else `commit`."""
    return next((part for part in url.split("/") if commit and len(part) == 40 and part.startswith(commit)), commit)


@pytest.mark.skipif(not (ASSETS / "models").is_dir(), reason="../shared/assets/models is not here")
def test_the_assets_serve_as_a_mirror(tmp_path: Path) -> None:
    store = WeightsStore(tmp_path, load_registry(), str(ASSETS / "models"))
    assert store.pull("yolox_nano").read_bytes()[:1] == b"\x08"
    assert store.verify("yolox_nano") is Condition.OK
    assert os.listdir(tmp_path) == ["yolox_nano.onnx"]
