"""The folder of weights on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.errors import UserError
from shared.settings import load_settings
from shared.weights.condition import Condition
from shared.weights.registry import Registry
from shared.weights.store import WeightsStore, open_store
from tests.unit.weights.samples import CONTENT, FILE, weights_of


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    return WeightsStore(tmp_path, Registry({"tiny": weights_of()}))


def test_whole_weights_are_found(store: WeightsStore) -> None:
    (store.folder / FILE).write_bytes(CONTENT)
    assert store.verify("tiny") is Condition.OK
    assert store.weights_path("tiny") == store.folder / FILE


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"!", b""])
def test_damaged_weights_are_never_loaded(store: WeightsStore, content: bytes) -> None:
    (store.folder / FILE).write_bytes(content)
    assert store.verify("tiny") is Condition.DAMAGED
    with pytest.raises(UserError, match="wrong checksum – run 'argus models pull tiny'"):
        store.weights_path("tiny")


def test_missing_weights_say_how_to_get_them(store: WeightsStore) -> None:
    assert store.verify("tiny") is Condition.MISSING
    with pytest.raises(UserError, match=r"tiny\.onnx is missing – run 'argus models pull tiny'"):
        store.weights_path("tiny")


def test_unknown_weights_are_refused(store: WeightsStore) -> None:
    with pytest.raises(UserError, match="did you mean 'tiny'"):
        store.weights_path("tini")


def test_settings_say_where_weights_are_and_come_from(tmp_path: Path) -> None:
    environ = {"ARGUS_DATA_DIR": str(tmp_path), "ARGUS_MODELS_MIRROR": "https://mirror.example/m"}
    store = open_store(load_settings(environ=environ))
    assert (store.folder, store.mirror) == (tmp_path / "models", "https://mirror.example/m")


def test_settings_name_an_operators_own_registry(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("version = 1\n[weights.mine]\n")
    with pytest.raises(UserError, match=r"own\.toml: weights\.mine\.\w+: Field required"):
        open_store(load_settings(environ={"ARGUS_WEIGHTS_REGISTRY": str(own)}))
