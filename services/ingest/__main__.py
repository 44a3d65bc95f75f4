"""`python -m services.ingest`: cameras to frames."""

from __future__ import annotations

import os
import sys
import threading

from services.ingest.bootstrap import build
from services.ingest.supervisor import SERVICE
from shared.domain.errors import UserError
from shared.loops import stop_on_signals
from shared.observability import configure_logging, metrics
from shared.settings import load_settings


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 2 when the operator must mend something."""
    try:
        settings = load_settings()
        ingest = build(settings)
        configure_logging(settings.log, service=SERVICE, redis=ingest.redis)
        metrics.serve(settings.metrics)
        stop = threading.Event()
        stop_on_signals(stop)
        return ingest.run(stop)
    except UserError as error:
        sys.stderr.write(f"argus {SERVICE}: {error}\n")
        return 2


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads may still sit in FFmpeg, waiting for a dead camera: an ordinary exit would take the interpreter from
    # under them. Everything has been closed and flushed by now.
    os._exit(status)
