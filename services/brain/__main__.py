"""`python -m services.brain`: presences to events."""

from __future__ import annotations

from services.brain.bootstrap import SERVICE, build
from shared.ending import leave
from shared.service import run_service

if __name__ == "__main__":
    leave(run_service(SERVICE, build))
