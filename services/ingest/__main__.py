"""`python -m services.ingest`: cameras to frames."""

from __future__ import annotations

from services.ingest.bootstrap import build
from services.ingest.supervisor import SERVICE
from shared.ending import leave
from shared.service import run_service

if __name__ == "__main__":
    leave(run_service(SERVICE, build))
