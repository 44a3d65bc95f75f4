"""The folder of weights on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import UserError
from shared.settings import Settings
from shared.weights.condition import Condition, condition_of
from shared.weights.pull import Progress, PullLimits, no_progress, pull
from shared.weights.registry import Registry, load_registry


@dataclass(frozen=True, slots=True)
class WeightsStore:
    """Weights by name below `folder`; `mirror` is a folder or URL that replaces their origins.

    Every method raises `UserError` for a name that is not in the registry.
    """

    folder: Path
    registry: Registry
    mirror: str | None = None

    def verify(self, name: str) -> Condition:
        """Whether the file of `name` is here with the right size and checksum. Reads the whole file."""
        weights = self.registry[name]
        path = self.folder / weights.file
        try:
            return condition_of(weights, path)
        except OSError as error:
            raise UserError(
                str(path), f"cannot be read: {error.strerror}", remedy="give this user read permission"
            ) from None

    def weights_path(self, name: str) -> Path:
        """The verified file of `name`, ready to load. Raises `UserError` when it is missing or damaged."""
        condition = self.verify(name)
        path = self.folder / self.registry[name].file
        if condition is not Condition.OK:
            reason = f"{path} is missing" if condition is Condition.MISSING else f"{path} has a wrong checksum"
            raise UserError(f"weights {name!r}", reason, remedy=f"run 'argus models pull {name}'")
        return path

    def pull(self, name: str, *, progress: Progress = no_progress, limits: PullLimits | None = None) -> Path:
        """Bring the weights `name` here; see `shared.weights.pull.pull`."""
        return pull(self.registry[name], self.folder, mirror=self.mirror, progress=progress, limits=limits)


def open_store(settings: Settings) -> WeightsStore:
    """The store these settings describe. Reads the registry and touches nothing else."""
    own = (settings.weights_registry,) if settings.weights_registry else ()
    return WeightsStore(settings.models_dir, load_registry(*own), settings.models_mirror)
