"""What is known of one weights file: where it comes from, what it may be used for, what goes in and comes out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

_STRICT_KEYS = ConfigDict(extra="forbid")

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(onnx|tflite)$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/]+/\S+)?$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=1, le=8192)]
Pixel = Annotated[float, Field(ge=0, le=255)]
Triple = tuple[float, float, float]
Spread = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT_KEYS)
class InputLayout:
    """The picture a model takes: `value = (pixel - mean) / std`, pixels in 0..255, in the order of `channels`.

    `resize` says how a picture gets to `width` × `height`: `letterbox` keeps its proportions, puts it at `anchor`
    and fills the rest with `pad`; `stretch` does not keep them; `crop` wants a crop of that shape; `aligned` and
    `rotated_crop` want a crop turned by keypoints, as the layout of the output prescribes.
    """

    width: Side
    height: Side
    channels: Literal["bgr", "rgb"]
    resize: Literal["letterbox", "stretch", "crop", "aligned", "rotated_crop"]
    order: Literal["nchw", "nhwc"] = "nchw"
    dtype: Literal["float32", "uint8"] = "float32"
    mean: Triple = (0.0, 0.0, 0.0)
    std: tuple[Spread, Spread, Spread] = (1.0, 1.0, 1.0)
    anchor: Literal["top_left", "center"] = "center"
    pad: Pixel = 114.0


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT_KEYS)
class OutputLayout:
    """How to read what a model answers.

    `layout` names the decoder. `labels` is the name of a set in `shared.weights.labels` or the list itself.
    `size` is the length of an embedding, the number of keypoints or of classes. Thresholds are the defaults.
    """

    layout: Word
    labels: Word | tuple[str, ...] = ()
    strides: tuple[Side, ...] = ()
    size: int | None = Field(default=None, ge=1)
    score_threshold: Share | None = None
    nms_iou: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT_KEYS)
class Weights:
    """One entry of the registry.

    An empty `url` means: only from a mirror. `input` is None for a model that takes no picture.
    """

    name: Name
    task: Word
    file: FileName
    url: Url
    sha256: Sha256
    bytes: int = Field(ge=1)
    licence: str = Field(min_length=1)
    commercial_ok: bool
    output: OutputLayout
    input: InputLayout | None = None
    default: bool = False
    note: str = ""
