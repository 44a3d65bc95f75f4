"""A supervisor in a process of its own, for tests: services as NAME=SHELL COMMAND, a gate as NAME!FILE=COMMAND."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from services.cli.backoff import RestartPolicy
from services.cli.child import Service
from services.cli.logview import LogView
from services.cli.supervisor import Supervisor


def main() -> None:
    policy = RestartPolicy(first_s=0.1, cap_s=0.4, jitter=0.0, stable_s=60.0)
    view = LogView(sys.stdout, short=False, now=lambda: datetime.now(UTC))
    sys.exit(Supervisor([_service(text) for text in sys.argv[1:]], view, policy=policy).run())


def _service(text: str) -> Service:
    head, _, command = text.partition("=")
    name, _, gate_file = head.partition("!")
    gate = Path(gate_file).exists if gate_file else None
    return Service(name, ("/bin/sh", "-c", command), {"SERVICE": name}, gate)


if __name__ == "__main__":
    main()
