from __future__ import annotations

import pytest

from tests.unit.gateway.installation import Api
from tests.unit.gateway.visionflow.flow import Flow


@pytest.fixture
def flow(api: Api) -> Flow:
    return Flow(api)
