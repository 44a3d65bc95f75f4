"""Puts the eye together: the one file that knows its concrete parts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cv2
from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass
from redis.exceptions import RedisError

from services.eye.camera_view import CameraView
from services.eye.clip_looks import ClipLooks
from services.eye.detector import Detector, load_best_detector, load_detector
from services.eye.live import LiveDrawing
from services.eye.pipeline import EyePipeline, PipelineRules
from services.eye.presence import PresenceBook, PresenceRules
from services.eye.service import EyeService
from services.eye.tracker import load_tracker
from services.eye.zone_book import ZoneBook
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions
from shared.domain.errors import UserError
from shared.media import MediaStore
from shared.messages.topics import EYE_INFO, FRAMES
from shared.observability import Liveness, get_logger
from shared.observability.instance import instance_name
from shared.ownership import ShardOwnership
from shared.settings import Settings
from shared.settings.section import explain
from shared.streams import GroupReader, connect
from shared.vision.model import ModelSpec, yolo_spec
from shared.weights.store import open_store

log = get_logger("eye.bootstrap")

SERVICE = "eye"

# What a guard wants to hear of; everything else a detector knows (chairs, cups) only costs time.
DEFAULT_LABELS = frozenset(
    {"person", "bicycle", "car", "motorcycle", "bus", "train", "truck", "boat"}
    | {"bird", "cat", "dog", "horse", "sheep", "cow", "bear"}
)
_HOG_SIDE = 800
# How long a source may be away (ingest restarts, the network hiccups) for its objects to be the same ones after.
_CARRY_OVER_S = 15.0


def build(settings: Settings) -> EyeService:
    """The eye, ready to run. Connects to nothing but opens the detector.

    Raises `UserError` when the chosen backend cannot run here.
    """
    redis = connect(settings.known_redis_url)
    instance = instance_name(SERVICE)
    cv2.setNumThreads(1)
    rules = presence_rules(settings)
    detector, info = open_detector(settings)
    _tell(redis, instance, info)
    ownership = ShardOwnership(redis, service=SERVICE, instance=instance, shards=settings.shards)
    reader = GroupReader(redis, FRAMES, group=SERVICE, member=instance, shards=lambda: ownership.owned)
    sessions = read_sessions(connect_database(settings.effective_database_url))
    zones = ZoneBook(sessions, redis, interval_s=settings.eye.sync_interval_s, judging=settings.has_judge)
    pipeline = EyePipeline(
        redis,
        reader,
        detector=detector,
        media=MediaStore.open(settings.effective_media_url),
        zones=zones.zones,
        new_view=lambda slug: new_view(slug, settings, rules),
        now=lambda: datetime.now(UTC),
        rules=PipelineRules(
            working_side=int(info["working_side"]),
            stale_after_s=settings.eye.stale_after_s,
            batch=settings.eye.batch,
            labels=frozenset(settings.eye.labels) or DEFAULT_LABELS,
            shards=settings.shards,
        ),
        keeps_crops=zones.keeps_crops,
    )
    return EyeService(
        reader=reader,
        pipeline=pipeline,
        ownership=ownership,
        zones=zones,
        clips=ClipLooks(redis, zones=zones.zones, owned=lambda: ownership.owned, shards=settings.shards),
        live=LiveDrawing(redis, zones=zones.zones, owned=lambda: ownership.owned, shards=settings.shards),
        detector=detector,
        liveness=Liveness(redis, service=SERVICE, instance=instance),
    )


def new_view(slug: str, settings: Settings, rules: PresenceRules) -> CameraView:
    """The state of a camera that has not been looked at yet."""
    tracker = load_tracker(settings.eye.tracker, settings=settings.eye.trackers.get(settings.eye.tracker))
    return CameraView(slug, tracker=tracker, book=PresenceBook(slug, rules), carry_over_s=_CARRY_OVER_S)


def presence_rules(settings: Settings) -> PresenceRules:
    """The operator's `eye.presence.*` over the defaults. Raises `UserError` for an unknown or wrong one."""
    kind: Any = checked_dataclass(PresenceRules, frozen=True, config=ConfigDict(extra="forbid"))
    try:
        rules: PresenceRules = kind(**settings.eye.presence)
    except ValidationError as error:
        raise explain(error, kind, path="eye.presence") from None
    return rules


def open_detector(settings: Settings) -> tuple[Detector, dict[str, Any]]:
    """The detector to use, and what people should know of it: backend, model, why a fallback was taken."""
    backend, reasons = settings.eye.backend, list[str]()
    spec = model_spec(settings, reasons)
    if backend == "auto":
        detector = load_best_detector(
            spec, settings=settings.eye.detectors, on_skip=lambda name, why: reasons.append(f"{name}: {why}")
        )
    else:
        if spec is None and backend != "hog":
            raise UserError("eye.model", reasons[0], remedy="or set eye.backend to auto or hog")
        detector = load_detector(backend, spec, settings=settings.eye.detectors.get(backend))
    used = detector.name.partition(":")[0]
    fallback = used == "hog" and backend == "auto"
    side = max(spec.input_size) if spec is not None and used != "hog" else _HOG_SIDE
    info = {
        "backend": used,
        "detector": detector.name,
        "fallback": fallback,
        "reason": "; ".join(reasons) if fallback else "",
        "working_side": side,
    }
    if fallback:
        log.warning("eye_fallback", message="finding people with OpenCV's HOG: people only, and less well", **info)
    else:
        log.info("eye_detector", **info)
    return detector, info


def model_spec(settings: Settings, reasons: list[str]) -> ModelSpec | None:
    """The configured model as the detectors take it; None, with the reason added, when its weights are not here."""
    store = open_store(settings)
    weights = store.registry[settings.eye.model]
    spec = yolo_spec(weights, store.folder / weights.file, field="eye.model")
    try:
        store.weights_path(weights.name)
    except UserError as error:
        reasons.append(str(error))
        return None
    return spec


def _tell(redis: Any, instance: str, info: dict[str, Any]) -> None:
    try:
        redis.hset(EYE_INFO, instance, json.dumps({**info, "at": datetime.now(UTC).isoformat()}))
    except RedisError as error:
        log.warning("eye_info_not_told", reason=str(error)[:200])
