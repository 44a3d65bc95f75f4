"""Every dialect describes itself in sound OpenAPI 3.1."""

from __future__ import annotations

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.dialect import load_dialects
from services.gateway.dialects import CATALOGUE
from tests.unit.gateway.installation import Api


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_document_is_sound_openapi_3_1(api: Api, name: str) -> None:
    (dialect,) = [each for each in load_dialects() if each.name == name]
    document = api.get(f"{dialect.prefix}/openapi.json", who=None).json
    assert document is not None
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
