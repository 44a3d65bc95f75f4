"""What `pose`, `hand` and `gesture` say where their weights were not pulled."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.modules.specialist import Tools, open_specialist
from shared.domain.errors import UserError
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

MODELS = SHARED / "assets" / "models"


def tools(folder: Path) -> Tools:
    return Tools(WeightsStore(folder, load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "weights"), [("pose", "yolox_nano"), ("hand", "palm_lite"), ("gesture", "palm_lite")])
def test_the_command_that_fixes_it_is_told(name: str, weights: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        open_specialist(name, tools(tmp_path))
    assert f"argus models pull {weights}" in refusal.value.remedy


@pytest.mark.skipif(not MODELS.is_dir(), reason=f"the weights are not here: {MODELS}")
def test_pose_without_any_network_for_keypoints_names_the_best(tmp_path: Path) -> None:
    (tmp_path / "yolox_nano.onnx").symlink_to(MODELS / "yolox_nano.onnx")
    with pytest.raises(UserError) as refusal:
        open_specialist("pose", tools(tmp_path))
    assert "argus models pull movenet_lightning" in refusal.value.remedy


@pytest.mark.skipif(not MODELS.is_dir(), reason=f"the weights are not here: {MODELS}")
def test_pose_takes_no_weights_that_find_something_else() -> None:
    with pytest.raises(UserError, match="finds no keypoints"):
        open_specialist("pose", tools(MODELS), settings={"model": "yolox_nano"})
