"""Parts of the machine that some tests need and not every machine has."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest


def require(package: str, condition: object = False, *, environ: Mapping[str, str] = os.environ) -> None:
    """Go on when `condition` holds (what the Debian `package` brings is here); else skip and say how to get it.

    Where nothing may be left out (`ARGUS_CI` is set) the test fails instead.
    """
    if condition:
        return
    reason = f"needs what the system package {package} brings: apt-get install {package}"
    if environ.get("ARGUS_CI"):
        pytest.fail(reason)
    pytest.skip(reason)
