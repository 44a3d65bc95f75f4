"""What the service calls itself: clients may look at both."""

from __future__ import annotations

from typing import Final

SERVICE: Final = "SecureVision Events API"
VERSION: Final = "0.1.0"
