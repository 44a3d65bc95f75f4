"""What detectors call equipment, and what it means."""

from __future__ import annotations

import pytest

from services.modules.specialists.ppe.equipment import Meaning, is_person, known, meaning


@pytest.mark.parametrize(
    ("label", "item", "worn"),
    [
        ("Hardhat", "helmet", True),
        ("Helmet", "helmet", True),
        ("safety_helmet", "helmet", True),
        ("hard hat", "helmet", True),
        ("with helmet", "helmet", True),
        ("NO-Hardhat", "helmet", False),
        ("No-Helmet", "helmet", False),
        ("no_helmet", "helmet", False),
        ("NoHelmet", "helmet", False),
        ("without helmet", "helmet", False),
        ("head", "helmet", False),
        ("Safety Vest", "vest", True),
        ("Safety-Vest", "vest", True),
        ("NO-Safety Vest", "vest", False),
        ("Gloves", "gloves", True),
        ("NO-Gloves", "gloves", False),
        ("Goggles", "goggles", True),
        ("Glass", "goggles", True),
        ("Safety-Boot", "boots", True),
        ("Mask", "mask", True),
        ("face_mask", "mask", True),
        ("NO-Mask", "mask", False),
        ("protective_suit", "suit", True),
    ],
)
def test_a_label_means_an_item(label: str, item: str, *, worn: bool) -> None:
    assert meaning(label) == Meaning(item, worn)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "label", ["Person", "worker", "Ladder", "Safety Cone", "Fall-Detected", "", "no", "NO-head", "42"]
)
def test_other_labels_mean_none(label: str) -> None:
    assert meaning(label) is None


def test_what_a_detector_knows_is_told_for_both_ways() -> None:
    found = known(["Hardhat", "NO-Mask", "Person", "Ladder", "NO-Hardhat"])
    assert found.worn == {"helmet"}
    assert found.missing == {"helmet", "mask"}
    assert found.items == ("helmet", "mask")


def test_people_are_told_from_things() -> None:
    assert is_person("Person")
    assert is_person("worker")
    assert not is_person("Hardhat")
