"""What an area looks for, as clients of several dialects write it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo

from shared.domain.label_groups import LABEL_GROUPS

_GROUPS: Final = ("vehicle", "animal", "people")
"""The words for several classes that people are told of; the others are taken, too."""


def _seen_by_the_model(words: list[str], info: ValidationInfo) -> list[str]:
    labels: Sequence[str] = info.context["gateway"].labels if info.context else ()
    known = {*labels, *LABEL_GROUPS}
    unknown = [word for word in words if word not in known and word.strip().lower() not in known]
    # Of a model whose classes nobody has named, any word may be one.
    if labels and unknown:
        wrong = ", ".join(map(repr, dict.fromkeys(unknown)))
        raise ValueError(f"holds {wrong}, which the model does not know – {_remedy(unknown, labels)}")
    return words


def _remedy(unknown: Iterable[str], labels: Sequence[str]) -> str:
    names = [*labels, *_GROUPS]
    near = [match for word in unknown for match in get_close_matches(word.strip().lower(), names, n=1)]
    meant = f"did you mean {', '.join(map(repr, dict.fromkeys(near)))}? " if near else ""
    return f"{meant}there is {', '.join(names)}"


DetectionClasses = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64, json_schema_extra={"format": "detection-class"})]],
    Field(max_length=128),
    AfterValidator(_seen_by_the_model),
]
"""Classes of the configured model, or words for several; each as it was written."""
