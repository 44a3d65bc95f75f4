from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import services.gateway.dialects.visionflow as package
from services.gateway.dialects.visionflow.words import LANGUAGES, WORDS
from services.gateway.dialects.visionflow.words.reasons import reason_in
from tests.unit.gateway.visionflow.flow import CAMERA, Flow

FOLDER = Path(str(package.__file__)).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_there_in_every_language_with_the_same_gaps() -> None:
    for name, texts in WORDS.items():
        assert len(texts) == len(LANGUAGES), name
        assert all(text.strip() for text in texts), name
        assert len({frozenset(fields(text)) for text in texts}) == 1, name


def test_no_text_is_there_twice() -> None:
    named = [
        key.value
        for file in (FOLDER / "words").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign)
        and getattr(node.target, "id", "") == "WORDS"
        and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    ]
    assert sorted(named) == sorted(WORDS)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-TW", ["name: 不可空白", "stream_url: 為必填", "recognition: 必須是true 或 false"]),
        ("en", ["name: must not be blank", "stream_url: is required", "recognition: input should be a valid boolean"]),
        ("fr", ["name: ne doit pas être vide", "stream_url: est obligatoire", "recognition: doit être true ou false"]),
        ("ru", ["name: не должно быть пустым", "stream_url: обязательно", "recognition: должно быть: true или false"]),
    ],
)
def test_what_is_wrong_is_told_in_the_language_of_the_client(flow: Flow, language: str, said: list[str]) -> None:
    body = {**CAMERA, "name": " ", "recognition": "yes"}
    del body["stream_url"]
    answer = flow.post("/cameras", body, headers={"Accept-Language": language})
    assert [f"{each['field']}: {each['message']}" for each in (answer.json or {})["errors"]] == said


def test_a_reason_without_words_is_told_as_it_is() -> None:
    assert reason_in("zh-TW", "is not of this world") == "is not of this world"
    assert reason_in("fr", "lies outside the picture of 1920x1080 – use pixels of the camera's resolution") == (
        "est hors de l’image de 1920x1080"
    )
