"""The name of this process among its replicas."""

from __future__ import annotations

import os
import socket
import uuid


def instance_name(service: str) -> str:
    """`ARGUS_INSTANCE`, which a supervisor keeps stable over restarts, else a new name."""
    return os.environ.get("ARGUS_INSTANCE") or f"{service}-{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
