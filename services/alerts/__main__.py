"""`python -m services.alerts`: events to deliveries, and the sweeper that lets none be forgotten."""

from __future__ import annotations

import sys
import threading

from services.alerts.bootstrap import SERVICE, build
from shared.domain.errors import UserError
from shared.loops import stop_on_signals
from shared.observability import configure_logging, metrics
from shared.settings import load_settings


def main() -> int:
    """Run until SIGTERM; 0 after a clean stop, 1 after a failure, 2 when the operator must mend something."""
    try:
        settings = load_settings()
        alerts = build(settings)
        configure_logging(settings.log, service=SERVICE, redis=alerts.redis)
        metrics.serve(settings.metrics)
        stop = threading.Event()
        stop_on_signals(stop)
        return alerts.run(stop)
    except UserError as error:
        sys.stderr.write(f"argus {SERVICE}: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
