"""The interpreter that other parts of Argus run in."""

from __future__ import annotations

import sys
from typing import Final

PYTHON: Final = (sys.executable, "-P")
"""What a command line begins with. Nothing is imported from the folder in which Argus happens to be started."""
