"""`python -m services.ingest`: cameras to frames."""

from __future__ import annotations

import os
import sys

from services.ingest.bootstrap import build
from services.ingest.supervisor import SERVICE
from shared.service import run_service

if __name__ == "__main__":
    status = run_service(SERVICE, build)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads may still sit in FFmpeg, waiting for a dead camera: an ordinary exit would take the interpreter from
    # under them. Everything has been closed and flushed by now.
    os._exit(status)
