"""The OpenAPI document is true: requests made from it, sound and unsound, get the answers it names."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import openapi

from tests.unit.gateway.installation import Api

ROUNDS = 12


@pytest.mark.parametrize("who", ["boss", None])
def test_every_operation_answers_as_the_document_says(api: Api, who: str | None) -> None:
    document = api.get("/openapi.json").json
    schema: Any = openapi.from_dict(document)
    schema.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        tried += 1
        _exercise(api, operation, who)
    assert tried >= 20


def _exercise(api: Api, operation: Any, who: str | None) -> None:
    @settings(
        max_examples=ROUNDS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def sound(case: Any) -> None:
        _check(api, case, who)

    sound()


def _check(api: Api, case: Any, who: str | None) -> None:
    kwargs = case.as_transport_kwargs()
    answer = api.ask(
        case.method,
        case.formatted_path,
        who=who,
        query_string=kwargs.get("params") or {},
        **({"json": kwargs["json"]} if "json" in kwargs else {}),
    )
    place = f"{case.method} {case.formatted_path} {kwargs.get('json')}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, place
    assert str(answer.status_code) in case.operation.definition.raw["responses"], place
    if who is None and case.operation.path != "/health":
        assert answer.status_code == 401, place
    if answer.status_code >= 400:
        assert answer.json is not None, place
        assert set(answer.json) == {"error", "message", "timestamp"}, place
