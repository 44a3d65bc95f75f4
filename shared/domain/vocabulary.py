"""What modules say in their findings, where the words are known beforehand: what people ask for is one of them."""

from __future__ import annotations

from typing import Final, Literal, get_args

CameraFault = Literal["black", "bright", "covered", "moved", "out_of_focus", "frozen"]
FireSign = Literal["fire", "smoke"]
HandSign = Literal["open_palm", "fist", "thumbs_up", "thumbs_down", "victory", "pointing", "ok"]
PersonAction = Literal["standing", "sitting", "crouching", "lying", "walking", "running", "hands_up", "fall", "unknown"]
Equipment = Literal["helmet", "vest", "mask", "gloves", "goggles", "boots", "suit", "ear_protection", "harness"]
"""What people wear to be safe."""

CAMERA_FAULTS: Final[tuple[CameraFault, ...]] = get_args(CameraFault)
FIRE_SIGNS: Final[tuple[FireSign, ...]] = get_args(FireSign)
HAND_SIGNS: Final[tuple[HandSign, ...]] = get_args(HandSign)
PERSON_ACTIONS: Final[tuple[PersonAction, ...]] = get_args(PersonAction)
EQUIPMENT: Final[tuple[Equipment, ...]] = get_args(Equipment)
VEHICLE_TYPES: Final = ("car", "truck", "bus", "motorcycle", "bicycle")
VEHICLE_COLOURS: Final = (
    "white", "black", "grey", "silver", "red", "blue", "green", "yellow", "orange", "brown", "beige",
)  # fmt: skip
UNSURE: Final = "unknown"
"""What is said of a vehicle whose type or colour cannot be told."""
