"""The specialists of one process: opened once, warmed up, kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from services.modules.specialist import Case, Manifest, Picture, Specialist, Tools, open_specialist, specialist_class
from services.modules.specialists import CATALOGUE
from shared.domain.errors import ArgusError, UserError
from shared.modules.roster import ModuleInfo
from shared.observability import get_logger
from shared.settings.modules import ModulesSettings

log = get_logger("modules.bench")

_WARM_UP_SIZE = (240, 320, 3)


class Bench:
    """Owned by one thread. `dead` names specialists that are not to be opened, and why."""

    def __init__(self, settings: ModulesSettings, tools: Tools, *, dead: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._tools = tools
        self._dead = dict(dead or {})
        self._open: dict[str, Specialist] = {}

    def open_all(self, *, on_opening: Callable[[str], None] = lambda _name: None) -> tuple[ModuleInfo, ...]:
        """Open every enabled specialist that can run here, and say what is known of each."""
        names = self._settings.enabled or tuple(CATALOGUE)
        found = []
        for name in dict.fromkeys(names):
            on_opening(name)
            found.append(self._told(name))
        return tuple(found)

    def take(self, name: str) -> Specialist:
        """The specialist, opened and warmed up if it was not. Raises `UserError` when it cannot run here."""
        if name in self._dead:
            raise UserError(f"module {name}", self._dead[name], remedy="see the worker's log")
        if name not in self._open:
            opened = open_specialist(name, self._tools, settings=self._settings.specialists.get(name))
            _warm_up(opened)
            self._open[name] = opened
        return self._open[name]

    def close(self) -> None:
        for specialist in self._open.values():
            specialist.close()
        self._open.clear()

    def _told(self, name: str) -> ModuleInfo:
        try:
            manifest = specialist_class(name).manifest
        except ImportError as error:
            reason = f"{error.name or error} cannot be imported"
            return ModuleInfo(name=name, reason=reason, remedy="install the extra it needs (its README names it)")
        info = described(manifest, queues=self._settings.queues)
        try:
            self.take(name)
        except UserError as error:
            log.warning("specialist_unavailable", module=name, reason=error.reason, remedy=error.remedy)
            return info.model_copy(update={"reason": f"{error.field}: {error.reason}", "remedy": error.remedy})
        except Exception as error:  # boundary to plug-ins: one that cannot be opened must not take the others with it
            log.exception("specialist_broken", module=name)
            return info.model_copy(update={"reason": f"{type(error).__name__}: {error}"[:300]})
        return info.model_copy(update={"available": True})


def described(manifest: Manifest, *, queues: Sequence[str]) -> ModuleInfo:
    """What is told of a specialist by a worker on these queues."""
    return ModuleInfo(
        name=manifest.name,
        version=manifest.version,
        summary=manifest.summary,
        scopes=tuple(sorted(manifest.scopes)),
        labels=tuple(sorted(manifest.labels)),
        queue=manifest.queue if manifest.queue in queues else queues[0],
        max_pictures=manifest.max_pictures,
        cost_ms=manifest.cost_ms,
    )


def _warm_up(specialist: Specialist) -> None:
    """Look at an empty picture, so that the first real one is as fast as the rest."""
    scope = min(specialist.manifest.scopes)
    picture = Picture(np.full(_WARM_UP_SIZE, 128, np.uint8))
    try:
        specialist.examine(Case((picture,), scope, datetime(2026, 1, 1, tzinfo=UTC)))
    except ArgusError as error:
        log.debug("warm_up_refused", module=specialist.manifest.name, reason=str(error))
