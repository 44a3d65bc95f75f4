"""`python -m services.eye`: frames to presences."""

from __future__ import annotations

import sys

from services.eye.bootstrap import SERVICE, build
from shared.service import run_service

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, build))
