"""What the configured model can see, as far as anybody here knows."""

from __future__ import annotations

from shared.domain.errors import UserError
from shared.settings import Settings
from shared.weights.labels import labels_of
from shared.weights.store import open_store


def known_labels(settings: Settings) -> tuple[str, ...]:
    """The labels of `eye.model`; none where its classes have no names, or it is in no list of weights."""
    try:
        return labels_of(open_store(settings).registry[settings.eye.model])
    except UserError:
        # The eye refuses to start with such a setting, and says why; here every word may be right.
        return ()
