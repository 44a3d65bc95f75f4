"""The contract of a specialist: what it is, what it is shown and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from services.modules.specialists import CATALOGUE
from shared.db.engine import SessionFactory
from shared.domain.box import Box
from shared.modules.order import Scope
from shared.plugin import load_class
from shared.settings.section import parse_section
from shared.weights.store import WeightsStore

Queue = Literal["modules", "modules.gpu"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a specialist without opening it.

    `scopes`: "object" looks at crops of one presence, "scene" at whole frames. `labels` are those of the presences
    worth showing (empty: any). `weights` are names of the registry, best first, that it uses when they are there;
    `extra` is the optional dependency group it needs. `max_pictures` is how many it can make use of, `cost_ms` the
    order of magnitude of one picture on one core.
    """

    name: str
    version: str
    summary: str
    scopes: frozenset[Scope]
    labels: frozenset[str] = frozenset()
    weights: tuple[str, ...] = ()
    extra: str = ""
    queue: Queue = "modules"
    max_pictures: int = 1
    cost_ms: int = 50


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture, [height, width, 3] BGR; `subject` is where the thing in question is, None: everywhere.

    Everything a specialist reports is in pixels of this picture.
    """

    bgr: NDArray[np.uint8]
    at: datetime | None = None
    subject: Box | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What a specialist is shown: pictures of one thing or one scene, oldest first, at least one.

    `options` are the camera's own settings for this specialist (such as the protective equipment required there).
    `remembered` is what the specialist asked last to remember of the camera, None when nothing is. `progress` takes the
    share that is done, 0..1; calling it is optional and cheap.
    """

    pictures: tuple[Picture, ...]
    scope: Scope
    at: datetime
    camera: str | None = None
    account_id: int | None = None
    label: str | None = None
    track_id: int | None = None
    presence_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    remembered: bytes | None = None
    progress: Callable[[float], None] = lambda _share: None


@dataclass(frozen=True, slots=True)
class Recognised:
    """Something that was named: becomes a Recognition of the event. `data` is JSON-able."""

    kind: Literal["plate_read", "face_match"]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a specialist concluded. `results` is JSON-able and has the shape clients read.

    `vectors` are embeddings to keep with the presence, each of unit length, by "kind:model" (such as
    "body:osnet_x0_25": 512 floats): only those of the same name may be compared. `remember` (at most 64 KiB) is for
    its next look at the camera's scene; a look that somebody asks for by hand is remembered of nothing.
    """

    results: Mapping[str, Any]
    recognised: tuple[Recognised, ...] = ()
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    remember: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What every specialist may use. `threads` is how many it may keep busy; `sessions` only read.

    `state(slug)` is what the eye knows of a camera now (its JSON, None when it knows nothing).
    """

    weights: WeightsStore
    sessions: SessionFactory
    state: Callable[[str], bytes | None]
    threads: int = 1


class Specialist(Protocol):
    """Owned by one thread of one process, which opens it once and keeps it."""

    manifest: ClassVar[Manifest]
    settings_type: ClassVar[type[BaseModel]]

    @classmethod
    def open(cls, options: Any, tools: Tools) -> Self:
        """Load what it needs, from its own settings (`options`, a `settings_type`).

        Raises `UserError` with the remedy when it cannot work here (missing weights, missing extra).
        """
        ...

    def examine(self, case: Case) -> Finding:
        """Look. Blocks while it computes.

        Deterministic for the same case. Raises `Permanent` for pictures that make no sense for it, `Transient` when
        something it needs is away for the moment.
        """
        ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


def specialist_class(name: str) -> type[Specialist]:
    """The class behind a name, imported but not opened. Raises `UserError` with the nearest name."""
    plugin: type[Specialist] = load_class("module", name, catalogue=CATALOGUE, field="modules.enabled")
    return plugin


def open_specialist(name: str, tools: Tools, *, settings: Mapping[str, Any] | None = None) -> Specialist:
    """Open one specialist with its own settings. Raises `UserError` when it cannot work here or they are wrong."""
    plugin = specialist_class(name)
    options = parse_section(plugin.settings_type, settings or {}, path=f"modules.specialists.{name}")
    return plugin.open(options, tools)
