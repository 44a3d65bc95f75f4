"""`python -m services.modules.enrolment`: reads faces for whoever keeps people, over its standard streams.

A process of its own, so that a photo which crashes a decoder takes nothing with it, and nobody else loads models.
It says `{"recogniser": …}` once it is ready; then each line in, `{"photo": path, "account_id": …}` or
`{"crop": media path, "bbox": …, "landmarks": …}`, is answered by one line out. What cannot be done is answered by
`{"error": {"field", "reason", "remedy"}}`. It ends with its input, and writes nothing anywhere.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.faces import SPECIALIST, Cutout, FaceReader, SeenFace
from services.modules.specialist import Tools, open_specialist
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions
from shared.domain.errors import USER_ERROR_STATUS, ArgusError, UserError
from shared.media import MediaStore
from shared.settings import Settings, load_settings
from shared.vision.pictures import open_picture
from shared.weights.store import open_store

_JPEG_QUALITY = 95


def open_reader(settings: Settings) -> FaceReader:
    """The specialist that reads faces, with its settings. Raises `UserError` when it cannot work here."""
    tools = Tools(
        weights=open_store(settings),
        sessions=read_sessions(connect_database(settings.effective_database_url, pool_size=1)),
        state=lambda _slug: None,
        threads=settings.modules.threads,
    )
    opened = open_specialist(SPECIALIST, tools, settings=settings.modules.specialists.get(SPECIALIST))
    return cast("FaceReader", opened)


def answer(request: dict[str, Any], reader: FaceReader, media: MediaStore) -> dict[str, Any]:
    """The answer to one line. Raises `ArgusError` for what cannot be done."""
    if "photo" in request:
        picture = open_picture(_content(request["photo"]))
        return {"faces": [_told(face, request["account_id"], reader) for face in reader.read(picture)]}
    landmarks = {name: (x, y) for name, (x, y) in request["landmarks"].items()}
    x1, y1, x2, y2 = request["bbox"]
    try:
        crop = open_picture(media.read(request["crop"]), field="crop")
    except FileNotFoundError:
        raise UserError("crop", f"{request['crop']} is not in the media store") from None
    return {"vector": _packed(reader.read_again(Cutout(crop, (x1, y1, x2, y2), landmarks)))}


def main(lines: Iterable[str]) -> int:
    """Serve until the input ends; 2 when there is nobody who can read faces."""
    cv2.setNumThreads(1)
    try:
        settings = load_settings()
        reader, media = open_reader(settings), MediaStore.open(settings.effective_media_url)
    except UserError as error:
        _say(_refusal(error))
        return USER_ERROR_STATUS
    _say({"recogniser": reader.recogniser})
    for line in lines:
        try:
            _say(answer(json.loads(line), reader, media))
        except ArgusError as error:
            _say(_refusal(error))
    return 0


def _refusal(error: ArgusError) -> dict[str, Any]:
    if isinstance(error, UserError):
        return {"error": {"field": error.field, "reason": error.reason, "remedy": error.remedy}}
    return {"error": {"field": "", "reason": str(error), "remedy": ""}}


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError("photo", f"cannot be read ({error.strerror or error})") from None


def _told(face: SeenFace, account_id: int, reader: FaceReader) -> dict[str, Any]:
    known = reader.resembling(account_id, face.vector)
    done, jpeg = cv2.imencode(".jpg", face.cutout.bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise UserError("photo", "its face cannot be stored as JPEG")
    return {
        "bbox": face.bbox,
        "confidence": round(face.confidence, 4),
        "quality": round(face.quality, 4),
        "complaints": list(face.complaints),
        "resembles": None if known is None else {"person_id": known.person_id, "name": known.name},
        "vector": _packed(face.vector),
        "crop": base64.b64encode(jpeg.tobytes()).decode(),
        "crop_bbox": face.cutout.bbox,
        "crop_landmarks": face.cutout.landmarks,
    }


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main(sys.stdin)
    sys.stdout.flush()
    # Clearing up native libraries takes longer than all the rest.
    os._exit(status)
