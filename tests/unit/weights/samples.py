"""Registry entries for made-up files."""

from __future__ import annotations

import hashlib

from shared.weights.entry import InputLayout, OutputLayout, Weights

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes: several pieces on a connection
FILE = "tiny.onnx"


def weights_of(content: bytes = CONTENT, *, url: str = "", name: str = "tiny", file: str = FILE) -> Weights:
    return Weights(
        name=name,
        task="detection",
        file=file,
        url=url,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="Apache-2.0",
        commercial_ok=True,
        input=InputLayout(width=416, height=416, channels="bgr", resize="letterbox"),
        output=OutputLayout(layout="yolox", labels="coco80"),
    )
