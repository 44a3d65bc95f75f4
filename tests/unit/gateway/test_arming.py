from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import select

from shared.db.tables import AuditRow
from shared.domain.arming import ARM_STATES
from shared.messages.commands import SyncRules
from shared.messages.message import decode
from shared.messages.topics import COMMANDS
from tests.unit.gateway.installation import Api


def test_an_account_is_away_until_it_says_otherwise(api: Api) -> None:
    assert api.get("/arm").json == {"state": "away"}


@pytest.mark.parametrize("state", ARM_STATES)
def test_a_state_that_is_chosen_stays(api: Api, state: str) -> None:
    answer = api.put("/arm", {"state": state})
    assert (answer.status_code, answer.json) == (200, {"state": state})
    assert api.get("/arm").json == {"state": state}


def test_everybody_arms_the_own_account_administrators_too(api: Api) -> None:
    api.put("/arm", {"state": "night"})
    api.put("/arm", {"state": "home"}, who="boss")
    found = {who: api.get("/arm", who=who).json for who in ("alice", "bob", "boss")}
    assert found == {"alice": {"state": "night"}, "bob": {"state": "away"}, "boss": {"state": "home"}}


@pytest.mark.parametrize("body", [{"state": "asleep"}, {"state": None}, {"state": ["away"]}, {}, [], "away"])
def test_what_is_no_state_is_refused_and_changes_nothing(api: Api, body: object) -> None:
    api.put("/arm", {"state": "home"})
    assert api.put("/arm", body).status_code == 400
    assert api.get("/arm").json == {"state": "home"}


def test_viewers_only_see_the_state(api: Api) -> None:
    assert api.get("/arm", who="eve").status_code == 200
    assert api.put("/arm", {"state": "home"}, who="eve").status_code == 403
    assert api.get("/arm", who=None).status_code == 401


def test_arming_is_audited_and_told_to_the_services_and_a_refused_one_is_not(api: Api, redis: Redis) -> None:
    api.put("/arm", {"state": "night"})
    api.put("/arm", {"state": "asleep"})
    with api.session() as session:
        rows = session.scalars(select(AuditRow)).all()
    assert [(row.action, row.principal, row.detail) for row in rows] == [
        ("account.arm", "alice/key:test", {"state": "night"})
    ]
    assert rows[0].target == f"account:{rows[0].account_id}"
    assert [decode(fields) for _, fields in redis.xrange(COMMANDS.stream())] == [SyncRules()]
