"""`python -m services.eye` runs the eye until SIGTERM or SIGINT."""

import signal
import sys
import threading

from services.eye.bootstrap import build
from shared.domain.errors import UserError
from shared.settings import load_settings


def main() -> int:
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    try:
        build(load_settings(), stop=stop).run(stop)
    except UserError as error:
        print(f"argus eye: {error}", file=sys.stderr)  # noqa: T201 – the operator's one line
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
