"""Which detector and which recogniser are used, and how alike two faces of one person are to that one."""

from __future__ import annotations

from services.modules.specialist import Tools
from services.modules.specialists.face.aligned_embedder import AlignedEmbedder
from services.modules.specialists.face.detected import Detector, Embedder
from services.modules.specialists.face.dlib_embedder import DlibEmbedder
from services.modules.specialists.face.dlib_models import DlibDetector
from services.modules.specialists.face.matching import Bounds
from services.modules.specialists.face.settings import FaceSettings
from services.modules.specialists.face.yunet import YunetDetector
from shared.weights.condition import Condition
from shared.weights.entry import Weights

YUNET, SFACE, DLIB = "yunet", "sface", "dlib"

_DLIB_BOUNDS = Bounds(threshold=0.95, margin=0.006, doubtful=0.935)
# The registry's thresholds are those for comparing one with one; among many, strangers find somebody alike sooner.
_AMONG_MANY, _MARGIN = 0.08, 0.05
_USUAL = 0.44


def open_detector(options: FaceSettings, tools: Tools) -> Detector:
    """Raises `UserError` when the one that is wanted cannot be used here."""
    if options.detector == YUNET or (options.detector == "auto" and is_here(YUNET, tools)):
        return YunetDetector(tools.weights.weights_path(YUNET), min_confidence=options.min_confidence)
    return DlibDetector(min_confidence=options.min_confidence)


def open_embedder(options: FaceSettings, tools: Tools) -> tuple[Embedder, Bounds]:
    """The recogniser and its bounds. Raises `UserError` when it cannot be used here."""
    wanted = options.recogniser or (SFACE if is_here(SFACE, tools) else DLIB)
    if wanted == DLIB:
        return DlibEmbedder(), bounded(_DLIB_BOUNDS, options)
    weights = tools.weights.registry[wanted]
    embedder = AlignedEmbedder(weights, tools.weights.weights_path(wanted), threads=tools.threads)
    return embedder, bounded(bounds_of(weights), options)


def bounds_of(weights: Weights) -> Bounds:
    """The bounds of a recogniser of the registry."""
    single = weights.output.score_threshold if weights.output.score_threshold is not None else _USUAL
    return Bounds(threshold=min(single + _AMONG_MANY, 0.99), margin=_MARGIN, doubtful=single)


def bounded(usual: Bounds, options: FaceSettings) -> Bounds:
    """The usual bounds, with what the operator set in their place."""
    threshold = usual.threshold if options.threshold is None else options.threshold
    margin = usual.margin if options.margin is None else options.margin
    return Bounds(threshold, margin, doubtful=threshold - (usual.threshold - usual.doubtful))


def is_here(name: str, tools: Tools) -> bool:
    """Whether the weights were pulled and are whole."""
    return tools.weights.verify(name) is Condition.OK
