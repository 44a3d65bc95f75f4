"""What the operator can set. `load_settings` is the one door."""

from shared.settings.load import load_settings
from shared.settings.root import Settings

__all__ = ["Settings", "load_settings"]
