from __future__ import annotations

import pytest

from shared.domain.label_groups import meant


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ([], set()),
        (["person"], {"person"}),
        (["Person"], {"Person", "person"}),
        (["vehicle"], {"vehicle", "car", "truck", "bus", "motorcycle", "van"}),
        (["human", "forklift"], {"human", "person", "forklift"}),
    ],
)
def test_a_word_means_itself_and_all_of_its_group(words: list[str], labels: set[str]) -> None:
    assert meant(words) == labels


def test_animals_are_those_that_detectors_know() -> None:
    assert {"dog", "cat", "bird"} <= meant(["animals"]) - {"animals"}
    assert "person" not in meant(["animals"])
