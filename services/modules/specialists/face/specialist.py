"""`face`: the faces on pictures, and whose they are."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from services.modules.faces import Cutout, Resemblance, SeenFace
from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.face.cutting import detected_in, seen_face
from services.modules.specialists.face.galleries import Galleries
from services.modules.specialists.face.grouping import grouped
from services.modules.specialists.face.matching import Bounds
from services.modules.specialists.face.models import open_detector, open_embedder
from services.modules.specialists.face.naming import Named, named, recognised
from services.modules.specialists.face.reader import Reader, Sight
from services.modules.specialists.face.settings import FaceSettings
from shared.domain.box import Box
from shared.vision.pictures import cut

_MARGIN = 0.1


class Face:
    """Finds faces, and compares them with the people of the camera's account."""

    manifest: ClassVar[Manifest] = Manifest(
        name="face",
        version="1",
        summary="finds faces and tells whose they are, of the people who were introduced to it",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"person"}),
        weights=("yunet", "sface"),
        max_pictures=4,
        cost_ms=300,
    )
    settings_type: ClassVar[type[FaceSettings]] = FaceSettings

    def __init__(self, reader: Reader, galleries: Galleries, *, bounds: Bounds, options: FaceSettings) -> None:
        self._reader = reader
        self._galleries = galleries
        self._bounds = bounds
        self._options = options

    @classmethod
    def open(cls, options: FaceSettings, tools: Tools) -> Self:
        detector = open_detector(options, tools)
        embedder, bounds = open_embedder(options, tools)
        galleries = Galleries(tools.sessions, recogniser=embedder.name)
        return cls(Reader(detector, embedder, options=options), galleries, bounds=bounds, options=options)

    @property
    def recogniser(self) -> str:
        """What made the vectors."""
        return self._reader.recogniser

    def examine(self, case: Case) -> Finding:
        gallery = self._galleries.of(case.account_id)
        # A camera's scene is mostly empty: to look for faces on their side every time would cost four looks.
        turned = self._options.turned and (case.scope == "object" or case.camera is None)
        sights: list[Sight] = []
        for number, picture in enumerate(case.pictures):
            sights += self._look(picture, number, turned=turned)
            case.progress((number + 1) / (len(case.pictures) + 1))
        faces = named(grouped(sights, alike=self._bounds.threshold), gallery, self._bounds)
        sizes = [(picture.bgr.shape[1], picture.bgr.shape[0]) for picture in case.pictures]
        return Finding(
            {"faces": [face.shown(sizes) for face in faces]},
            recognised=recognised(faces, sizes),
            vectors=self._vectors(case, faces),
        )

    def read(self, picture: NDArray[np.uint8]) -> list[SeenFace]:
        """See `FaceReader`."""
        return [seen_face(picture, sight) for sight in self._reader.look(picture, turned=True, choosy=False)]

    def read_again(self, cutout: Cutout) -> NDArray[np.float32]:
        """See `FaceReader`."""
        found = self._reader.look(cutout.bgr, turned=True, choosy=False)
        face = detected_in(cutout, [sight.face for sight in found])
        return self._reader.embed(cutout.bgr, face)

    def resembling(self, account_id: int, vector: NDArray[np.float32]) -> Resemblance | None:
        """See `FaceReader`."""
        gallery = self._galleries.of(account_id)
        likeness = gallery.match(vector, self._bounds).match
        if likeness is None:
            return None
        return Resemblance(likeness.person_id, gallery.name_of(likeness.person_id), likeness.similarity)

    def close(self) -> None:
        """Nothing is held that has to be given back."""

    def _look(self, picture: Picture, number: int, *, turned: bool) -> list[Sight]:
        height, width = picture.bgr.shape[:2]
        part, (left, top) = cut(picture.bgr, picture.subject or Box(0, 0, width, height), margin=_MARGIN)
        if not part.size:
            return []
        there = np.array([[1, 0, left], [0, 1, top]], np.float64)
        return [
            Sight(number, sight.face.moved(there), sight.quality, sight.vector)
            for sight in self._reader.look(np.ascontiguousarray(part), turned=turned, picture=number)
        ]

    def _vectors(self, case: Case, faces: list[Named]) -> dict[str, tuple[float, ...]]:
        """The face of a presence, under the name of who read it."""
        best = max(faces, key=lambda face: face.best.quality.score, default=None)
        if case.scope != "object" or best is None or best.vector is None:
            return {}
        return {f"face:{self.recogniser}": tuple(best.vector.tolist())}
