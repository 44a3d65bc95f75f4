"""`python -m services.alerts`: events to deliveries, and the sweeper that lets none be forgotten."""

from __future__ import annotations

from services.alerts.bootstrap import SERVICE, build
from shared.ending import leave
from shared.service import run_service

if __name__ == "__main__":
    leave(run_service(SERVICE, build))
