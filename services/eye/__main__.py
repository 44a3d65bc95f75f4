"""`python -m services.eye`: frames to presences."""

from __future__ import annotations

from services.eye.bootstrap import SERVICE, build
from shared.ending import leave
from shared.service import run_service

if __name__ == "__main__":
    leave(run_service(SERVICE, build))
