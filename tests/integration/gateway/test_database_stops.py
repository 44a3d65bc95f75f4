"""A PostgreSQL that stops while clients are there."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings
from tests.postgres import postgres_cluster, postgres_folder
from tests.system import require
from tests.unit.gateway.installation import NO_HURRY, fill, open_api
from tests.unit.gateway.securevision.conftest import Client

PATHS = ("/events", "/events?type=face_match&limit=1000", "/faces/1", "/plates/1")


def test_every_address_answers_500_with_a_detail_once_it_has_stopped(tmp_path: Path, redis_url: str) -> None:
    programs = postgres_folder()
    require("postgresql", programs)
    assert programs is not None
    with postgres_cluster(programs) as server:
        url = f"{server}/postgres"
        settings = Settings(data_dir=tmp_path / "data", redis_url=redis_url, database_url=url, gateway=NO_HURRY)
        client = Client(open_api(settings, fill(url)))
        client.api.add_recognition()
        assert [client.get(path).status_code for path in PATHS] == [200, 200, 200, 404]
        assert client.post("/cleanup").status_code == 200
    refused = [*(client.get(path) for path in PATHS), client.post("/cleanup")]
    assert [answer.status_code for answer in refused] == [500] * 5
    assert {answer.text.strip() for answer in refused} == {
        '{"detail":"The database does not answer; try again in a moment"}'
    }
    assert client.api.get("/cameras").status_code == 503
    client.api.opened.close()
