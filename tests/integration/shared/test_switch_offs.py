"""Switch-offs as Redis keeps them."""

from __future__ import annotations

import pytest
from redis import Redis

from shared.messages.topics import SWITCH_OFF_HOW, SWITCH_OFFS
from shared.recipients.switch_offs import SwitchOff, SwitchOffs
from tests.conftest import wait_until


@pytest.fixture
def offs(redis: Redis) -> SwitchOffs:
    return SwitchOffs(redis)


def taken(offs: SwitchOffs, *, lease_s: float = 60.0) -> SwitchOff:
    (only,) = wait_until(lambda: offs.take(lease_s=lease_s, limit=8)[0], what="what is due")
    return only


def test_what_is_scheduled_is_due_then_and_not_before(offs: SwitchOffs) -> None:
    assert offs.schedule("7", "how", after_s=60, disarms=0)
    due, next_s = offs.take(lease_s=5, limit=8)
    assert due == []
    assert next_s is not None
    assert 59 < next_s <= 60
    assert offs.schedule("7", "sooner", after_s=0.05, disarms=0)
    assert taken(offs).how == "sooner"


def test_nothing_scheduled_is_nothing_to_wait_for(offs: SwitchOffs) -> None:
    assert offs.take(lease_s=5, limit=8) == ([], None)


def test_one_taker_has_it_and_another_when_the_first_is_silent_too_long(offs: SwitchOffs) -> None:
    offs.schedule("7", "how", after_s=0, disarms=0)
    first = taken(offs, lease_s=2.0)
    assert offs.take(lease_s=5, limit=8)[0] == []
    second = taken(offs)
    assert second.recipient == first.recipient
    assert not offs.done(first)
    assert offs.done(second)


def test_what_is_done_leaves_nothing_behind(offs: SwitchOffs, redis: Redis) -> None:
    offs.schedule("7", "how", after_s=0, disarms=0)
    assert offs.done(taken(offs))
    assert not redis.exists(SWITCH_OFFS, SWITCH_OFF_HOW)


def test_a_device_that_was_switched_on_again_meanwhile_stays_scheduled(offs: SwitchOffs) -> None:
    offs.schedule("7", "how", after_s=0, disarms=0)
    old = taken(offs)
    offs.schedule("7", "again", after_s=0, disarms=0)
    assert not offs.done(old)
    assert not offs.again(old, after_s=60)
    assert taken(offs).how == "again"


def test_what_failed_comes_again_later(offs: SwitchOffs) -> None:
    offs.schedule("7", "how", after_s=0, disarms=0)
    assert offs.again(taken(offs), after_s=0.05)
    assert taken(offs).how == "how"


def test_disarming_makes_it_due_at_once_and_says_so(offs: SwitchOffs) -> None:
    offs.schedule("7", "how", after_s=600, disarms=0)
    assert offs.disarm("7")
    assert taken(offs).disarms == 1


def test_a_disarmed_device_that_is_off_needs_nothing(offs: SwitchOffs) -> None:
    assert not offs.disarm("7")
    assert offs.take(lease_s=5, limit=8) == ([], None)


def test_who_knows_nothing_of_a_disarming_cannot_schedule(offs: SwitchOffs) -> None:
    before = offs.disarms("7")
    offs.disarm("7")
    assert not offs.schedule("7", "how", after_s=0, disarms=before)
    assert offs.schedule("7", "how", after_s=0, disarms=offs.disarms("7"))
