"""The detector the rows run: the default model, or HOG where its weights are not here."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

from services.eye.bootstrap import model_spec, open_detector
from services.eye.detector import Detector
from shared.domain.errors import UserError
from shared.settings import Settings, load_settings
from shared.vision.model import ModelSpec
from shared.weights.pull import PullLimits
from shared.weights.store import open_store

_MIRROR = Path(__file__).parents[2] / "shared" / "assets" / "models"


@functools.cache
def bench_settings() -> Settings:
    """The operator's settings; the default weights are pulled when they can be had within seconds."""
    settings = load_settings()
    if settings.models_mirror is None and _MIRROR.is_dir():
        settings = settings.model_copy(update={"models_mirror": str(_MIRROR)})
    with contextlib.suppress(UserError):  # the rows that need them say so
        open_store(settings).pull(settings.eye.model, limits=PullLimits(total_s=10.0))
    return settings


@functools.cache
def bench_detector() -> Detector:
    """Opened once for all rows."""
    return open_detector(bench_settings())[0]


def bench_spec() -> ModelSpec | None:
    """The default model, or None when its weights are not here."""
    return model_spec(bench_settings(), [])
