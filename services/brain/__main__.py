"""`python -m services.brain`: presences to events."""

from __future__ import annotations

import sys

from services.brain.bootstrap import SERVICE, build
from shared.service import run_service

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, build))
