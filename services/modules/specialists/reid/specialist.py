"""`reid`: what a body looks like, kept to find the person again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Finding, Manifest, Picture, Tools
from services.modules.specialists.reid.colour_layout import ColourLayout
from services.modules.specialists.reid.embedder import Embedder, unit
from services.modules.specialists.reid.network import NetworkEmbedder
from services.modules.specialists.reid.quality import body_quality
from services.modules.specialists.reid.settings import ReidSettings
from shared.domain.box import Box
from shared.vision.pictures import cut
from shared.weights.condition import Condition

_DEFAULT = "osnet_x0_25"
_MOST_PICTURES = 5
_LEAST_WIDTH_PX = 8


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A body on picture `number`: its pixels, its box [x1, y1, x2, y2] there, and what it is worth (0..1)."""

    number: int
    pixels: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    quality: float


class Reid:
    """Embeds the bodies of one presence and answers with their mean, weighted by quality."""

    manifest: ClassVar[Manifest] = Manifest(
        name="reid",
        version="1",
        summary="remembers what a person's body and clothes look like, to find the same person again",
        scopes=frozenset({"object"}),
        labels=frozenset({"person"}),
        weights=(_DEFAULT, "youtu_reid"),
        max_pictures=_MOST_PICTURES,
        cost_ms=10,
    )
    settings_type: ClassVar[type[ReidSettings]] = ReidSettings

    def __init__(self, embedder: Embedder, settings: ReidSettings) -> None:
        self._embedder = embedder
        self._settings = settings

    @classmethod
    def open(cls, options: ReidSettings, tools: Tools) -> Self:
        return cls(_embedder(options.model, tools), options)

    def examine(self, case: Case) -> Finding:
        bodies = [
            body
            for number, picture in enumerate(case.pictures[-_MOST_PICTURES:])
            if (body := _body(number, picture)) is not None
        ]
        best = max(bodies, key=lambda body: body.quality, default=None)
        good = [body for body in bodies if self._is_good(body)]
        if not good:
            quality = round(best.quality, 4) if best else 0.0
            box = list(best.box) if best else None
            return Finding(
                {"embedding": None, "quality": quality, "bbox": box, "reason": "no body is seen well enough"}
            )
        vector = _merged(self._embedder.embed([body.pixels for body in good]), [body.quality for body in good])
        clearest = max(good, key=lambda body: body.quality)
        embedding = {
            "model": self._embedder.name,
            "size": self._embedder.size,
            "quality": round(clearest.quality, 4),
            "pictures": len(good),
        }
        results = {"embedding": embedding, "quality": embedding["quality"], "bbox": list(clearest.box)}
        return Finding(results, vectors={f"body:{self._embedder.name}": tuple(vector.tolist())})

    def close(self) -> None:
        self._embedder.close()

    def _is_good(self, body: Body) -> bool:
        height, width = body.pixels.shape[:2]
        high_enough = height >= self._settings.min_height_px and width >= _LEAST_WIDTH_PX
        return high_enough and body.quality >= max(self._settings.min_quality, 0.01)


def _embedder(model: str, tools: Tools) -> Embedder:
    if model == "auto":
        model = _DEFAULT if tools.weights.verify(_DEFAULT) is Condition.OK else "colour_layout"
    if model == "colour_layout":
        return ColourLayout()
    return NetworkEmbedder(tools.weights.registry[model], tools.weights.weights_path(model), threads=tools.threads)


def _body(number: int, picture: Picture) -> Body | None:
    height, width = picture.bgr.shape[:2]
    pixels, (left, top) = cut(picture.bgr, picture.subject or Box(0, 0, width, height))
    if not pixels.size:
        return None
    box = (left, top, left + pixels.shape[1], top + pixels.shape[0])
    return Body(number, pixels, box, body_quality(pixels))


def _merged(vectors: NDArray[np.float32], weights: Sequence[float]) -> NDArray[np.float32]:
    mean: NDArray[np.float64] = np.average(vectors, axis=0, weights=weights)
    return np.asarray(unit(mean[None])[0], np.float32)
