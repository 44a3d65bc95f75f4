"""`python -m tests.integration.alerts.hanging_channel alerts|worker`: the service with a channel `line` that hangs."""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.alerts import worker
from services.alerts.answers import Answer, Take
from services.alerts.bootstrap import SERVICE, build
from services.alerts.channel import Parcel, Receipt
from services.alerts.channels import CATALOGUE
from services.alerts.policy import Recipient
from services.alerts.stored_recipients import stored_recipient, stored_recipients
from shared.db.secrets import SecretBox
from shared.domain.errors import Transient
from shared.service import run_service
from shared.settings import Settings


class NoOptions(BaseModel):
    """It has none."""


class HangingChannel:
    """Nobody ever takes anything; what recipients press is read from files in the data folder."""

    settings_type: ClassVar[type[BaseModel]] = NoOptions
    can_amend: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broken_off = threading.Event()

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        return cls(settings.data_dir)

    @property
    def timeout_s(self) -> float:
        return 300.0

    def recipients(self, session: Session) -> list[Recipient]:
        return stored_recipients(session, "line")

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Any:
        return stored_recipient(session, recipient, channel="line", decided_at=decided_at).address

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        self._broken_off.wait(300)
        raise Transient("nobody answers")

    def listen(self, stop: threading.Event, take: Take) -> None:
        """`press.json` holds an `Answer`; what the presser is told goes into `said.txt`."""
        press = self._folder / "press.json"
        while not stop.wait(0.05):
            if press.exists():
                said = take(Answer(**json.loads(press.read_text())))
                press.unlink()
                (self._folder / "said.txt").write_text(said or "")

    def abort(self) -> None:
        self._broken_off.set()

    def close(self) -> None:
        """Nothing is held."""


if __name__ == "__main__":
    # Under its importable name, not as a part of this program.
    CATALOGUE["line"] = "tests.integration.alerts.hanging_channel:HangingChannel"
    sys.exit(worker.main() if sys.argv[1:] == ["worker"] else run_service(SERVICE, build))
