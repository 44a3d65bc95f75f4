"""Switching off what is due, by whichever worker comes first."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from redis.exceptions import RedisError

from services.alerts.switch import Device, HeldElsewhere, Switch
from shared.db.secrets import SecretBox
from shared.domain.errors import ArgusError, Transient, UserError
from shared.net import within
from shared.observability import get_logger
from shared.recipients.addresses import PhysicalAddress
from shared.recipients.switch_offs import SwitchOff, SwitchOffs

log = get_logger("alerts.switching_off")

IDLE_S: Final = 1.0
"""How often is looked while nothing is on; what is on is looked at more often, and on time."""
BUSY_S: Final = 0.25
AT_ONCE: Final = 8
AGAIN_S: Final = 3.0
AGAIN_CAP_S: Final = 60.0
GIVE_UP_AFTER_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What switching off needs. With `by_itself` the device does it, and only a disarming is carried out.

    `sure` is whether the device said that it is on: one that perhaps never was is not asked for ever. `disarms` is how
    many times it had been disarmed when it was switched on, `since` when that was (Unix time).
    """

    device: Device
    disarms: int
    since: float
    sure: bool = False
    by_itself: bool = False

    def seal(self, box: SecretBox) -> str:
        """As text that shows nothing of the device."""
        address = self.device.address.model_dump(mode="json")
        fields = [self.device.name, address, self.device.secret, self.disarms, self.since, self.sure, self.by_itself]
        return box.seal(json.dumps(fields))

    @classmethod
    def unseal(cls, sealed: str, box: SecretBox) -> Plan:
        """Raises `UserError`, `ValueError` or `ValidationError` for what cannot be read."""
        name, address, secret, *rest = json.loads(box.open(sealed))
        return cls(Device(name, PhysicalAddress.model_validate(address), secret), *rest)


class SwitchingOff:
    """Carries switch-offs out until they succeed. `now` is Unix time."""

    def __init__(
        self,
        offs: SwitchOffs,
        box: SecretBox,
        switch: Callable[[str], Switch],
        *,
        timeout_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._offs = offs
        self._box = box
        self._switch = switch
        self._timeout_s = timeout_s
        self._now = now
        self._woken = threading.Event()

    def wake(self) -> None:
        """Something was scheduled."""
        self._woken.set()

    def run(self, stop: Callable[[], bool]) -> None:
        """Until `stop` says so; a lost Redis is waited out. Blocks."""
        while not stop():
            try:
                wait_s = self._turn()
            except RedisError as error:
                log.warning("switch_offs_unknown", reason=type(error).__name__)
                wait_s = IDLE_S
            self._woken.wait(wait_s)
            self._woken.clear()

    def _turn(self) -> float:
        """Begin what is due; how long until the next look."""
        due, next_s = self._offs.take(lease_s=self._timeout_s + AGAIN_S, limit=AT_ONCE)
        for each in due:
            # A device that does not answer must not hold up the others.
            threading.Thread(target=self._carry_out, args=(each,), name="switch-off", daemon=True).start()
        return IDLE_S if next_s is None else min(next_s, BUSY_S)

    def _carry_out(self, due: SwitchOff) -> None:
        try:
            self._switch_off(due)
        except RedisError as error:
            log.warning("switch_off_unsettled", recipient=due.recipient, reason=type(error).__name__)

    def _switch_off(self, due: SwitchOff) -> None:
        try:
            plan = Plan.unseal(due.how, self._box)
        except (UserError, ValueError, ValidationError) as error:
            log.error("switch_off_unreadable", recipient=due.recipient, reason=type(error).__name__)
            self._offs.done(due)
            return
        if plan.by_itself and plan.disarms == due.disarms:
            self._offs.done(due)
            return
        try:
            with within(self._timeout_s):
                self._switch(plan.device.address.kind).off(plan.device)
        except HeldElsewhere:
            self._offs.again(due, after_s=BUSY_S)
        except ArgusError as error:
            self._failed(due, plan, str(error), for_good=not isinstance(error, Transient))
        except Exception as error:  # plug-in boundary: a fault in one switch must not leave the device on
            log.exception("switch_failed", recipient=due.recipient)
            self._failed(due, plan, type(error).__name__)
        else:
            self._offs.done(due)
            log.info("switched_off", recipient=due.recipient, device=plan.device.name)

    def _failed(self, due: SwitchOff, plan: Plan, reason: str, *, for_good: bool = False) -> None:
        """Later again. What is on must not stay on, even when the device refuses: somebody may mend that."""
        age_s = self._now() - plan.since
        if age_s > GIVE_UP_AFTER_S or (for_good and not plan.sure):
            log.error("switch_off_given_up", recipient=due.recipient, device=plan.device.name, reason=reason)
            self._offs.done(due)
            return
        log.warning("switch_off_failed", recipient=due.recipient, device=plan.device.name, reason=reason)
        self._offs.again(due, after_s=min(max(AGAIN_S, age_s / 10), AGAIN_CAP_S))
