"""The document is true of test alerts too, for which a worker must be there; the rest is asked of a running gateway."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker
from tests.unit.gateway.installation import PASSWORD, Api, basic

ROUNDS = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

load_all_checks()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_test_alerts_are_answered_as_the_document_says(api: Api, redis_url: str, mode: GenerationMode) -> None:
    schema = openapi.from_wsgi("/openapi.json", api.client.application)
    with alert_worker(redis_url, api.opened.gateway.reads, {"email": ChannelOnHand({"anna": None})}):
        _exercise(schema["/alert/test"]["POST"], basic("boss", PASSWORD), mode)


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

    ask()
