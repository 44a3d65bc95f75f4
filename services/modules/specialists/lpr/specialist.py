"""`lpr`: number plates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from services.modules.specialist import Case, Finding, Manifest, Picture, Recognised, Tools
from services.modules.specialists.lpr.chinese import ChineseReader
from services.modules.specialists.lpr.gathering import Plate, gather
from services.modules.specialists.lpr.grammar import Expected
from services.modules.specialists.lpr.plate_boxes import open_plate_boxes
from services.modules.specialists.lpr.reader import SCENE, VEHICLE, PlateReader
from services.modules.specialists.lpr.recogniser import Recogniser
from services.modules.specialists.lpr.settings import LprSettings
from services.modules.specialists.lpr.sighting import Sighting
from services.modules.specialists.lpr.text_lines import TextLines
from services.modules.specialists.lpr.text_models import text_model
from shared.db.engine import SessionFactory
from shared.domain.box import Box
from shared.domain.plate import Listing, compact_plate
from shared.plates.registry import plate_listing
from shared.vision.pictures import cut
from shared.weights.condition import Condition

_CHINESE = "lprnet_chinese"
_MARGIN = 0.06
_LEAST_SIDE = 12
_MOST_PICTURES = 5


class Lpr:
    """Finds plates, reads them, and looks them up in the account's lists."""

    manifest: ClassVar[Manifest] = Manifest(
        name="lpr",
        version="1",
        summary="reads number plates and finds them on the account's lists",
        scopes=frozenset({"object", "scene"}),
        labels=frozenset({"car", "truck", "bus", "motorcycle"}),
        weights=("lpd_yunet", _CHINESE),
        max_pictures=_MOST_PICTURES,
        cost_ms=120,
    )
    settings_type: ClassVar[type[LprSettings]] = LprSettings

    def __init__(self, reader: PlateReader, sessions: SessionFactory) -> None:
        self._reader = reader
        self._sessions = sessions

    @classmethod
    def open(cls, options: LprSettings, tools: Tools) -> Self:
        threads = tools.threads
        chinese = None
        if tools.weights.verify(_CHINESE) is Condition.OK:
            chinese = ChineseReader(tools.weights.weights_path(_CHINESE), threads=threads)
        recogniser = Recogniser(text_model("rec"), threads=threads)
        recogniser.read(np.full((48, 160, 3), 128, np.uint8))  # the first run is far slower than the rest
        reader = PlateReader(
            lines=TextLines(text_model("det"), threads=threads),
            recogniser=recogniser,
            settings=options,
            chinese=chinese,
            boxes=open_plate_boxes(options.detector, tools.weights, threads=threads),
        )
        return cls(reader, tools.sessions)

    def examine(self, case: Case) -> Finding:
        settings = self._reader.settings
        seen: list[list[Sighting]] = []
        pictures = case.pictures[-_MOST_PICTURES:]
        for number, picture in enumerate(pictures):
            seen.append(self._look(picture, whole_scene=case.scope == "scene"))
            case.progress((number + 1) / len(pictures))
        plates = gather(seen, Expected(settings.countries, personal=settings.personal))
        told = [plate for plate in plates if plate.fit.confidence >= settings.min_confidence]
        shown = [_shown(plate, listing) for plate, listing in zip(told, self._listings(told, case), strict=True)]
        return Finding({"plates": shown}, tuple(_recognised(one) for one in shown))

    def close(self) -> None:
        self._reader.close()

    def _look(self, picture: Picture, *, whole_scene: bool) -> list[Sighting]:
        height, width = picture.bgr.shape[:2]
        part, (left, top) = cut(picture.bgr, picture.subject or Box(0, 0, width, height), margin=_MARGIN)
        if min(part.shape[:2]) < _LEAST_SIDE:
            return []
        effort = SCENE if whole_scene and picture.subject is None else VEHICLE
        found = self._reader.look(np.ascontiguousarray(part), effort)
        return [sighting.moved(left, top) for sighting in found]

    def _listings(self, plates: Sequence[Plate], case: Case) -> list[Listing | None]:
        if not plates or case.account_id is None:
            return [None] * len(plates)
        with self._sessions() as session:
            return [plate_listing(session, case.account_id, compact_plate(plate.fit.text), case.at) for plate in plates]


def _shown(plate: Plate, listing: Listing | None) -> dict[str, Any]:
    """As clients read it: `plate` as it stands on the plate, `plate_text` its letters and digits only."""
    box = plate.box
    return {
        "plate": plate.fit.written,
        "plate_text": plate.fit.text,
        "confidence": round(plate.fit.confidence, 3),
        "region": plate.fit.region,
        "bbox": [round(max(0.0, value)) for value in box.as_xyxy()],
        "list_match": listing,
    }


def _recognised(shown: dict[str, Any]) -> Recognised:
    return Recognised(
        "plate_read", {name: shown[name] for name in ("plate_text", "confidence", "region", "list_match", "bbox")}
    )
