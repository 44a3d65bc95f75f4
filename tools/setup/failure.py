"""How setup ends when it cannot go on."""

from __future__ import annotations


class SetupFailure(Exception):
    """Printed as one line: what did not work, and what to do."""
