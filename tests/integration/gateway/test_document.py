"""The OpenAPI document is true: whatever is asked, sound or not, is answered as the document says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker
from tests.unit.gateway.installation import PASSWORD, RTSP, SNAPSHOT, Api, basic

ROUNDS = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

load_all_checks()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", ["boss", None])
def test_every_operation_answers_as_the_document_says(
    api: Api, redis_url: str, who: str | None, mode: GenerationMode
) -> None:
    uuid = api.add_event(who="boss", snapshot=SNAPSHOT)
    api.add_delivery(uuid, who="boss", state="dead")
    api.post("/cameras", {"id": "cam_001", "name": "a", "rtsp_url": RTSP}, who="boss")
    schema = openapi.from_wsgi("/openapi.json", api.client.application)
    headers = basic(who, PASSWORD) if who else {}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 20
    with alert_worker(redis_url, api.opened.gateway.reads, {"email": ChannelOnHand({"anna": None})}):
        for operation in operations:
            _exercise(operation, headers, mode)


def _exercise(operation: Any, headers: dict[str, str], mode: GenerationMode) -> None:
    @settings(
        max_examples=ROUNDS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        # Asked in this process, the client would not unpack what is compressed.
        answer = case.call(headers={"Accept-Encoding": "identity", **headers})
        case.validate_response(answer, checks=CHECKS)
        if not headers and operation.path != "/health":
            assert answer.status_code in (401, 404, 405), f"{operation.label} asks for no credentials"

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong with an operation that takes nothing
