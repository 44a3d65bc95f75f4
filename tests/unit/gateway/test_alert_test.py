from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from services.alerts.channel import Receipt
from services.alerts.ordered_trial import answer_order
from services.alerts.trial import Trial
from services.gateway.alert_tests import PER_MINUTE, AlertTests
from services.gateway.problem import Refusal
from shared.db.tables import Alert, AuditRow, Delivery, Event
from shared.domain.errors import Permanent
from shared.jobs import QUEUE_ALERT_TESTS, celery_app
from shared.messages.alert_test import AlertTest
from shared.messages.topics import ALERT_TEST_COUNT, ALERT_TEST_WANTED
from shared.settings import Settings
from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker, taken
from tests.unit.gateway.installation import JPEG, SNAPSHOT, Api, open_api

PATH = "/alert/test"


@pytest.fixture
def channels() -> dict[str, ChannelOnHand]:
    """Channels as later plug-ins would be: the gateway knows none of them."""
    return {
        "telegram": ChannelOnHand({"chat": None}, lambda _: Receipt({"message_id": 12345})),
        "email": ChannelOnHand({"anna": None, "otto": None}),
        "physical": ChannelOnHand({"roof": None}, lambda _: Receipt({"device": "siren"})),
    }


@pytest.fixture
def worker(api: Api, redis_url: str, channels: dict[str, ChannelOnHand]) -> AbstractContextManager[None]:
    """A worker that is yet to be started."""
    return alert_worker(redis_url, api.opened.gateway.reads, channels)


@pytest.fixture
def working(worker: AbstractContextManager[None]) -> Iterator[None]:
    with worker:
        yield


def _again(api: Api, redis: Redis) -> None:
    """Forget how many tests were ordered."""
    redis.delete(*(ALERT_TEST_COUNT.format(account=api.account_id(name)) for name in api.keys))


@pytest.mark.usefixtures("working")
def test_the_contracts_order_is_answered_as_the_contract_says(api: Api, channels: dict[str, ChannelOnHand]) -> None:
    body = {"channels": ["telegram", "email", "physical"], "message": "Test CCTV Smart", "photo_path": None}
    answer = api.post(PATH, body, who="boss")
    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "telegram": {"status": "sent", "message_id": 12345, "recipients": 1},
        "email": {"status": "sent", "recipients": 2},
        "physical": {"status": "triggered", "devices": ["siren"]},
    }
    assert list(answer.json) == body["channels"]
    assert list(answer.json["telegram"])[:2] == ["status", "message_id"]
    assert channels["email"].sent[0].notice.text == "Test CCTV Smart"
    assert channels["email"].sent[0].notice.test


@pytest.mark.usefixtures("working")
def test_a_test_stores_no_event_no_alert_and_no_delivery_but_leaves_a_trail(api: Api) -> None:
    assert api.post(PATH, {"channels": ["email", "email"]}, who="boss").status_code == 200
    with api.session() as session:
        for table in (Event, Alert, Delivery):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        row = session.scalars(select(AuditRow).where(AuditRow.action == "alert.test")).one()
    assert (row.principal, row.detail) == ("boss/key:test", {"channels": ["email"], "photo": None})


@pytest.mark.usefixtures("working")
def test_without_channels_every_one_in_use_is_tried(api: Api, redis: Redis, channels: dict[str, ChannelOnHand]) -> None:
    for body in (None, {}, {"channels": []}, {"channels": None}):
        _again(api, redis)
        answer = api.post(PATH, body, who="boss")
        assert answer.json is not None
        assert set(answer.json) == set(channels)
    assert channels["email"].sent[0].notice.text == "Test Argus"


@pytest.mark.usefixtures("working")
def test_an_operators_test_reaches_only_the_own_recipients(api: Api, channels: dict[str, ChannelOnHand]) -> None:
    channels["email"].owners = {"everybody's": None, "bob's": api.account_id("bob"), "own": api.account_id("alice")}
    answer = api.post(PATH, {"channels": ["email", "telegram", "line"]})
    assert answer.json == {
        "email": {"status": "sent", "recipients": 1},
        "telegram": {"status": "not_configured", "reason": "the channel has no recipient of yours to tell"},
        "line": {"status": "not_configured", "reason": "this installation does not use the channel"},
    }
    assert channels["email"].told == ["own"]


@pytest.mark.usefixtures("working")
def test_a_failure_is_told_with_its_reason_beside_what_went_well(api: Api, channels: dict[str, ChannelOnHand]) -> None:
    def refuse(recipient: str) -> Receipt:
        raise Permanent("HTTP 403")

    channels["telegram"].answer = refuse
    answer = api.post(PATH, {"channels": ["telegram", "email"]}, who="boss")
    assert answer.json == {
        "telegram": {"status": "failed", "reason": "HTTP 403", "recipients": 0},
        "email": {"status": "sent", "recipients": 2},
    }


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channels": ["fax"]}, "channels[0]"),
        ({"channels": ["email", "Webhook"]}, "channels[1]"),
        ({"channels": "email"}, "channels"),
        ({"channels": ["email"] * 33}, "channels"),
        ({"message": ""}, "message"),
        ({"message": "x" * 1001}, "message"),
        ({"message": 5}, "message"),
        ({"photo_path": 5}, "photo_path"),
        ({"photo_path": ""}, "photo_path"),
        ({"photo_path": "/etc/passwd"}, "photo_path"),
        ({"photo_path": "../argus.db"}, "photo_path"),
        ({"photo_path": "snapshots/../../argus.db"}, "photo_path"),
        ({"photo_path": "snapshots/none.jpg"}, "photo_path"),
        ({"photo_path": "snapshots"}, "photo_path"),
        ({"photo_path": "segments/cam_001/film.mp4"}, "photo_path"),
        ({"photo_path": "x" * 1001}, "photo_path"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_its_field_and_nobody_is_told(
    api: Api, redis: Redis, channels: dict[str, ChannelOnHand], body: object, field: str
) -> None:
    api.opened.gateway.media.write("segments/cam_001/film.mp4", b"film")
    refused = api.post(PATH, body, who="boss")
    assert refused.status_code == 400
    assert refused.json is not None
    assert f"Field '{field}'" in refused.json["message"]
    assert not any(channel.sent for channel in channels.values())
    assert not list(redis.scan_iter("alerts:test:*"))
    with api.session() as session:
        assert session.scalar(select(func.count()).where(AuditRow.action == "alert.test")) == 0


def test_the_refusal_of_an_unknown_channel_lists_the_known_ones(api: Api) -> None:
    message = (api.post(PATH, {"channels": ["fax"]}).json or {})["message"]
    assert all(f"'{name}'" in message for name in ("telegram", "email", "line", "webhook", "mqtt", "physical"))


@pytest.mark.usefixtures("working")
def test_a_picture_goes_along_if_one_may_see_it(api: Api, redis: Redis, channels: dict[str, ChannelOnHand]) -> None:
    crop = SNAPSHOT.replace("snapshots", "crops")
    for path in (SNAPSHOT, crop):
        api.opened.gateway.media.write(path, JPEG)
    channels["email"].owners = {name: api.account_id(name) for name in ("alice", "bob")}
    api.add_event(who="bob", snapshot=SNAPSHOT, crop=crop)
    for path in (SNAPSHOT, crop):
        refused = api.post(PATH, {"photo_path": path}, who="alice")
        assert refused.status_code == 400
        assert "names no picture" in (refused.json or {})["message"]
    assert not channels["email"].sent
    for who, path in (("bob", SNAPSHOT), ("bob", crop), ("boss", SNAPSHOT)):
        assert api.post(PATH, {"photo_path": path}, who=who).status_code == 200
        assert channels["email"].sent[-1].notice.snapshot == path


def test_who_may_only_read_or_is_nobody_sends_nothing(api: Api) -> None:
    assert api.post(PATH, {}, who="eve").status_code == 403
    assert api.post(PATH, {}, who=None).status_code == 401


def test_without_a_worker_it_says_so_at_once_and_leaves_no_order_behind(api: Api, redis: Redis) -> None:
    refused = api.post(PATH, {})
    assert refused.status_code == 503
    assert refused.json is not None
    assert refused.json["message"].startswith("No alert worker runs")
    assert refused.headers["Retry-After"] == "5"
    assert not list(redis.scan_iter("alerts*"))
    with api.session() as session:
        assert session.scalar(select(func.count()).where(AuditRow.action == "alert.test")) == 0


def test_without_redis_it_says_so(tmp_path: Path, api: Api) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", redis_url="redis://127.0.0.1:1/0", database_url=str(api.opened.engine.url)
    )
    alone = open_api(settings, api.keys)
    refused = alone.post(PATH, {})
    assert (refused.status_code, (refused.json or {})["error"]) == (503, "service_unavailable")
    assert "Redis" in (refused.json or {})["message"]
    alone.opened.close()


def _order() -> AlertTest:
    return AlertTest(account_id=None, channels=("email",), message="hello")


def _tests(redis: Redis, redis_url: str, **kwargs: Any) -> AlertTests:
    return AlertTests(redis, celery_app(redis_url), at_once=1, **kwargs)


def test_an_order_that_nobody_takes_ends_in_time_and_is_carried_out_no_more(
    api: Api, redis: Redis, redis_url: str, channels: dict[str, ChannelOnHand]
) -> None:
    with pytest.raises(Refusal) as caught:
        _tests(redis, redis_url, patience_s=0.3).send(_order())
    assert caught.value.problem.status == 503
    assert caught.value.problem.message == "No alert worker took the test within 0.3 s"
    (raw,) = redis.lrange(QUEUE_ALERT_TESTS, 0, -1)  # type: ignore[misc]
    reply_to, order = taken(raw)
    trial = Trial(channels, api.opened.gateway.reads, now=api.clock)
    answer_order(redis, trial, AlertTest.model_validate(order), reply_to=reply_to)
    assert not channels["email"].sent
    assert not redis.exists(reply_to)


def test_an_order_that_was_taken_and_never_answered_says_so(redis: Redis, redis_url: str) -> None:
    class Taking(Redis):
        """The worker takes the order in the moment in which it is given."""

        def set(self, name: Any, *args: Any, **kwargs: Any) -> Any:
            return None

    tests = _tests(Taking.from_url(redis_url), redis_url, patience_s=0.2)
    with pytest.raises(Refusal, match="took the test but did not answer"):
        tests.send(_order())


def test_a_task_that_comes_twice_tells_people_once(api: Api, redis: Redis, channels: dict[str, ChannelOnHand]) -> None:
    trial = Trial(channels, api.opened.gateway.reads, now=api.clock)
    redis.set(ALERT_TEST_WANTED.format(reply_to="reply:1"), 1, px=10_000)
    for _ in range(2):
        answer_order(redis, trial, _order(), reply_to="reply:1")
    assert sorted(channels["email"].told) == ["anna", "otto"]
    assert redis.llen("reply:1") == 1


@pytest.mark.usefixtures("working")
def test_more_than_a_few_a_minute_are_refused_for_each_account(api: Api, channels: dict[str, ChannelOnHand]) -> None:
    statuses = [api.post(PATH, {"channels": ["email"]}, who="boss").status_code for _ in range(PER_MINUTE)]
    refused = api.post(PATH, {"channels": ["email"]}, who="boss")
    assert (set(statuses), refused.status_code) == ({200}, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (refused.json or {})["error"] == "rate_limit_exceeded"
    assert len(channels["email"].sent) == 2 * PER_MINUTE
    assert api.post(PATH, {"channels": ["email"]}, who="alice").status_code == 200


@pytest.mark.usefixtures("working")
def test_the_count_ends_with_the_minute(api: Api, redis: Redis) -> None:
    api.post(PATH, {"channels": ["email"]}, who="boss")
    assert 0 < redis.ttl(ALERT_TEST_COUNT.format(account=api.account_id("boss"))) <= 60  # type: ignore[operator]


@pytest.mark.usefixtures("working")
def test_a_test_sent_twice_under_one_key_tells_people_once(api: Api, channels: dict[str, ChannelOnHand]) -> None:
    key = {"Idempotency-Key": "test-1"}
    first, second = (api.post(PATH, {"channels": ["email"]}, who="boss", headers=key) for _ in range(2))
    assert first.status_code == 200
    assert first.data == second.data
    assert len(channels["email"].sent) == 2


def test_only_a_few_wait_at_once(redis: Redis, redis_url: str) -> None:
    refusals: list[Refusal] = []

    class Asking(Redis):
        """Asks for another test while the first is on its way."""

        def set(self, name: Any, *args: Any, **kwargs: Any) -> Any:
            with pytest.raises(Refusal) as caught:
                tests.send(_order())
            refusals.append(caught.value)
            return super().set(name, *args, **kwargs)

    tests = _tests(Asking.from_url(redis_url), redis_url, patience_s=0.1)
    with pytest.raises(Refusal, match="No alert worker took"):
        tests.send(_order())
    assert [refusal.problem.status for refusal in refusals] == [503]
    with pytest.raises(Refusal, match="No alert worker took"):
        tests.send(_order())
