"""The names behind class numbers."""

from __future__ import annotations

from shared.domain.errors import UserError
from shared.settings.section import nearest
from shared.weights.entry import Weights

_COCO80 = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,"
    "bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,"
    "skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,"
    "wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,"
    "chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,"
    "toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
)
_COCO17 = (
    "nose,left_eye,right_eye,left_ear,right_ear,left_shoulder,right_shoulder,left_elbow,right_elbow,left_wrist,"
    "right_wrist,left_hip,right_hip,left_knee,right_knee,left_ankle,right_ankle"
)

LABEL_SETS: dict[str, tuple[str, ...]] = {
    "coco80": tuple(_COCO80.split(",")),
    "coco17": tuple(_COCO17.split(",")),
}


def labels_of(weights: Weights) -> tuple[str, ...]:
    """The label of each class number of `weights`; empty when its classes have no names.

    Raises `UserError` when the entry names a set that does not exist.
    """
    labels = weights.output.labels
    if not isinstance(labels, str):
        return labels
    if labels not in LABEL_SETS:
        raise UserError(
            f"weights.{weights.name}.output.labels",
            f"there is no label set {labels!r}",
            remedy=nearest(labels, LABEL_SETS),
        )
    return LABEL_SETS[labels]
