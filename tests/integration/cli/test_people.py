"""`argus people` on an installation that is not running, with the process that reads faces."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.unit.cli.conftest import Argus
from tests.unit.vision.hostile import png_that_promises

PHOTOS = SHARED / "assets" / "faces" / "ageitgey_knn_examples"
TRAIN, TEST = PHOTOS / "train", PHOTOS / "test"
ALEX, ALEX_AGAIN = TRAIN / "alex_lacamoire" / "img1.jpg", TEST / "alex_lacamoire1.jpg"

needs_photos = pytest.mark.skipif(not ALEX.is_file(), reason="the photos of ../shared/assets/faces are not there")


@dataclass(frozen=True)
class Site:
    """An installation with an administrator."""

    run: Argus
    folder: Path

    def people(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.run("people", "list", "--json").out)
        return found

    def crops(self) -> list[Path]:
        return sorted((self.folder / "media" / "faces").rglob("*.jpg"))


@pytest.fixture
def site(argus: Argus, tmp_path: Path) -> Site:
    added = argus("user", "add", "boss", "--role", "admin", "--password-stdin", stdin="correct horse\n")
    assert added.status == 0, added.err
    return Site(argus, tmp_path / "data")


@needs_photos
def test_somebody_is_added_listed_read_anew_and_forgotten(site: Site) -> None:
    added = site.run("people", "add", "Alex", str(ALEX), "--note", "composer", "--json")
    assert added.status == 0, added.err
    told = json.loads(added.out)
    assert (told["name"], told["added"], told["photos"][0]["photo"]) == ("Alex", 1, "img1.jpg")
    [row] = site.people()
    assert (row["name"], row["user"], row["faces"], row["note"]) == ("Alex", "boss", 1, "composer")
    [crop] = site.crops()
    assert crop.stat().st_size < ALEX.stat().st_size

    warned = site.run("people", "add", "Somebody else", str(ALEX_AGAIN))
    assert warned.status == 0
    assert f"alex_lacamoire1.jpg is taken for Alex (number {told['id']})" in warned.err
    assert site.run("people", "remove", "Somebody else").status == 0
    assert site.crops() == [crop]

    more = site.run("people", "add", "Alex", str(ALEX_AGAIN))
    assert "taken for" not in more.err
    assert [(one["id"], one["faces"]) for one in site.people()] == [(told["id"], 2)]

    removed = site.run("people", "remove", str(told["id"]))
    assert removed.out == "removed Alex and 2 faces\n"
    assert site.people() == []
    assert site.crops() == []


@needs_photos
def test_another_recogniser_reads_the_kept_faces_anew(site: Site, tmp_path: Path) -> None:
    weights = SHARED / "assets" / "models" / "mobilefacenet_pixamatch.onnx"
    (site.folder / "models").mkdir(exist_ok=True)
    shutil.copy(weights, site.folder / "models" / weights.name)
    registry = tmp_path / "own.toml"
    registry.write_text(_REGISTRY.format(size=weights.stat().st_size))
    assert site.run("people", "add", "Alex", str(ALEX), str(ALEX_AGAIN)).status == 0
    other = {
        "ARGUS_WEIGHTS_REGISTRY": str(registry),
        "ARGUS_MODULES__SPECIALISTS": json.dumps({"face": {"recogniser": "mobilefacenet"}}),
    }
    rebuilt = site.run("people", "rebuild", **other)
    assert rebuilt.status == 0, rebuilt.err
    assert rebuilt.out == "read 2 faces anew with mobilefacenet-e72a5710, 0 failed\n"
    [row] = site.people()
    assert row["recognisers"] == ["mobilefacenet-e72a5710"]

    site.crops()[0].unlink()
    back = site.run("people", "rebuild", "--json")
    assert back.status == 1
    assert json.loads(back.out)["failed"] == 1
    assert "is not in the media store" in back.err


def test_photos_that_show_nobody_are_refused_and_nothing_is_stored(site: Site, tmp_path: Path) -> None:
    text, huge = tmp_path / "letter.txt", tmp_path / "huge.png"
    text.write_text("this is no picture")
    huge.write_bytes(png_that_promises(9_000, 9_000))
    photos = [text, huge, tmp_path / "missing.jpg"]
    if ALEX.is_file():
        photos += [ALEX, TEST / "obama_and_biden.jpg"]
    refused = site.run("people", "add", "Ada", *map(str, photos))
    assert refused.status == 2
    assert refused.err.startswith("argus: letter.txt: is not a picture that can be read")
    assert "huge.png: is 9000×9000 pixels, more than 50 megapixels" in refused.err
    assert "missing.jpg: cannot be read" in refused.err
    assert ("obama_and_biden.jpg: shows" in refused.err) == ALEX.is_file()
    assert refused.err.count("\n") == 1
    assert site.people() == []
    assert site.crops() == []


def test_a_recogniser_that_is_not_there_is_told_with_its_remedy(site: Site) -> None:
    wrong = json.dumps({"face": {"recogniser": "sface"}})
    refused = site.run("people", "add", "Ada", "ada.jpg", ARGUS_MODULES__SPECIALISTS=wrong)
    assert refused.status == 2
    assert "run 'argus models pull sface'" in refused.err


def test_a_person_who_is_not_there_cannot_be_removed(site: Site) -> None:
    for who in ("Nobody", "77"):
        refused = site.run("people", "remove", who)
        assert refused.status == 2
        assert "argus people list shows them" in refused.err


_REGISTRY = """version = 1
[weights.mobilefacenet]
task = "face_embedding"
file = "mobilefacenet_pixamatch.onnx"
url = ""
sha256 = "e72a5710cce378dc46472b6b845cb90647634f2738d8c3e581735cf195b9866f"
bytes = {size}
licence = "unknown"
commercial_ok = false
input = {{ width = 112, height = 112, channels = "rgb", resize = "aligned", mean = [127.5, 127.5, 127.5], std = [128.0, 128.0, 128.0] }}
output = {{ layout = "embedding", size = 128, score_threshold = 0.44 }}
"""  # noqa: E501
