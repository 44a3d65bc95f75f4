"""How a process of Argus ends once its work is done."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End the process now. Call it when everything has been closed: nothing but the standard streams is flushed.

    Taking the interpreter apart costs a busy machine seconds, in which whoever waits for the end loses patience, and
    takes the ground from under threads that still sit in native code.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
