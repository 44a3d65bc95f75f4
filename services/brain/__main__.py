"""`python -m services.brain`: presences to events."""

from __future__ import annotations

import sys
import threading

from services.brain.bootstrap import SERVICE, build
from shared.domain.errors import UserError
from shared.loops import stop_on_signals
from shared.observability import configure_logging, metrics
from shared.settings import load_settings


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 1 after a failure, 2 when the operator must mend something."""
    try:
        settings = load_settings()
        brain = build(settings)
        configure_logging(settings.log, service=SERVICE, redis=brain.redis)
        metrics.serve(settings.metrics)
        stop = threading.Event()
        stop_on_signals(stop)
        return brain.run(stop)
    except UserError as error:
        sys.stderr.write(f"argus {SERVICE}: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
