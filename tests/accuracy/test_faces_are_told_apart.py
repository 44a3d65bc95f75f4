"""Faces on real photos: found, told apart, and named without taking strangers for somebody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.faces import SeenFace
from services.modules.specialist import Tools, open_specialist
from services.modules.specialists.face.matching import Bounds, Known, Matcher
from services.modules.specialists.face.models import open_embedder
from services.modules.specialists.face.settings import FaceSettings
from services.modules.specialists.face.specialist import Face
from shared.db.engine import connect, read_sessions
from shared.vision.pictures import open_picture
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
SAMPLES = ASSETS / "faces" / "compreface_samples"
KNN = ASSETS / "faces" / "ageitgey_knn_examples"
OWN = """version = 1
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

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the photos of ../shared/assets/faces are not there"),
]


@dataclass(frozen=True)
class Way:
    """One way to read faces, and what it must reach."""

    detector: str
    recogniser: str
    found: int
    named: float

    def __str__(self) -> str:
        return f"{self.detector}+{self.recogniser}"


WAYS = (
    Way("dlib", "dlib", found=42, named=0.95),
    Way("yunet", "dlib", found=46, named=0.95),
    Way("yunet", "mobilefacenet", found=46, named=0.95),
)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    cv2.setNumThreads(1)
    folder = tmp_path_factory.mktemp("face")
    own = folder / "own.toml"
    own.write_text(OWN.format(size=(ASSETS / "models" / "mobilefacenet_pixamatch.onnx").stat().st_size))
    sessions = read_sessions(connect(f"sqlite:///{folder / 'none.db'}"))
    return Tools(WeightsStore(ASSETS / "models", load_registry(own)), sessions, state=lambda _slug: None)


@pytest.fixture(scope="module", params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@dataclass
class Album:
    """Every photo, read once."""

    specialist: Face
    bounds: Bounds
    way: Way

    def __post_init__(self) -> None:
        self.seen = cache(self._seen)

    def _seen(self, photo: Path) -> list[SeenFace]:
        return self.specialist.read(picture(photo))


@pytest.fixture(scope="module")
def album(way: Way, tools: Tools) -> Album:
    options = {"detector": way.detector, "recogniser": way.recogniser}
    opened = open_specialist("face", tools, settings=options)
    assert isinstance(opened, Face)
    return Album(opened, open_embedder(FaceSettings.model_validate(options), tools)[1], way)


def picture(photo: Path) -> NDArray[np.uint8]:
    return open_picture(photo.read_bytes())


def noses() -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = json.loads((SAMPLES / "annotations.json").read_text())["noses_xy_px"]
    return found


def largest(album: Album, photo: Path) -> SeenFace:
    return max(album.seen(photo), key=lambda face: (face.bbox[2] - face.bbox[0]) * (face.bbox[3] - face.bbox[1]))


def from_left(album: Album, photo: Path, number: int) -> SeenFace:
    return sorted(album.seen(photo), key=lambda face: face.bbox[0])[number]


def identities(album: Album) -> dict[str, list[SeenFace]]:
    """Everybody of whom there are several photos."""
    people = {name: [largest(album, photo) for photo in sorted(SAMPLES.glob(f"*_{name}.jpg"))] for name in "AB"}
    for folder in sorted((KNN / "train").iterdir()):
        people[folder.name] = [largest(album, photo) for photo in sorted(folder.iterdir())]
    test = KNN / "test"
    people["alex_lacamoire"].append(largest(album, test / "alex_lacamoire1.jpg"))
    people["obama"] += [largest(album, test / "obama1.jpg"), from_left(album, test / "obama_and_biden.jpg", 1)]
    people["biden"].append(from_left(album, test / "obama_and_biden.jpg", 0))
    people["rose_leslie"].append(from_left(album, test / "kit_with_rose.jpg", 0))
    people["kit"] = [largest(album, test / "johnsnow_test1.jpg"), from_left(album, test / "kit_with_rose.jpg", 1)]
    return people


def strangers(album: Album) -> list[SeenFace]:
    """Everybody of whom there is one photo."""
    groups = [photo for photo in sorted(SAMPLES.glob("*.jpg")) if photo.stem[-1] not in "AB"]
    return [face for photo in groups for face in album.seen(photo)]


def matcher(people: dict[str, Sequence[SeenFace]]) -> Matcher:
    names = dict(enumerate(people))
    known = [Known(number, face.vector) for number, name in names.items() for face in people[name]]
    return Matcher(known, names)


def test_faces_of_photographed_groups_are_found(album: Album) -> None:
    found = extra = 0
    for photo, truth in noses().items():
        boxes = [face.bbox for face in album.seen(SAMPLES / photo)]
        for x, y in truth:
            hit = next((box for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]), None)
            if hit is not None:
                found += 1
                boxes.remove(hit)
        extra += len(boxes)
    print(f"{album.way}: {found} of 46 faces found, {extra} others")
    assert found >= album.way.found
    assert extra <= 2


def test_each_photo_is_named_by_the_others_of_the_person_and_by_nobody_elses(album: Album) -> None:
    people = identities(album)
    right = wrong = total = 0
    for name, faces in people.items():
        for number, face in enumerate(faces):
            rest = {**people, name: [other for place, other in enumerate(faces) if place != number]}
            gallery = matcher(rest)
            match = gallery.match(face.vector, album.bounds).match
            total += 1
            right += match is not None and gallery.name_of(match.person_id) == name
            wrong += match is not None and gallery.name_of(match.person_id) != name
    print(f"{album.way}: {right} of {total} photos named rightly, {wrong} wrongly")
    assert wrong == 0
    assert right / total >= album.way.named


def test_strangers_are_nobody(album: Album) -> None:
    gallery = matcher(identities(album))
    matches = [gallery.match(face.vector, album.bounds).match for face in strangers(album)]
    print(f"{album.way}: {sum(match is not None for match in matches)} of {len(matches)} strangers named")
    assert len(matches) > 30
    assert not any(matches)


def test_two_strangers_are_never_one_person(album: Album) -> None:
    alone = strangers(album)
    vectors = np.stack([face.vector for face in alone])
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    print(f"{album.way}: strangers are alike by {similar.max():.3f} at most; threshold {album.bounds.threshold:.3f}")
    assert similar.max() < album.bounds.threshold


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_a_photo_on_its_side_is_the_same_person(album: Album, turn: int) -> None:
    photo = KNN / "train" / "obama" / "obama.jpg"
    upright = largest(album, photo)
    lying = album.specialist.read(np.asarray(cv2.rotate(picture(photo), turn), np.uint8))
    assert float(lying[0].vector @ upright.vector) >= album.bounds.threshold


def test_a_kept_face_is_read_anew_as_the_same_person(album: Album) -> None:
    for photo in (SAMPLES / "003_A.jpg", KNN / "train" / "biden" / "biden.jpg"):
        face = largest(album, photo)
        again = album.specialist.read_again(face.cutout)
        assert float(again @ face.vector) >= album.bounds.threshold
