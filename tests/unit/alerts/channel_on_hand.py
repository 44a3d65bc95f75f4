"""A channel whose recipients and answers a test decides: it speaks to nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.alerts.channel import Parcel, Receipt
from services.alerts.policy import Recipient
from shared.db.secrets import SecretBox
from shared.settings import Settings


class NoOptions(BaseModel):
    """It has none."""


def accepting(recipient: str) -> Receipt:
    """What a receiver says that has nothing to say."""
    return Receipt()


@dataclass
class ChannelOnHand:
    """`owners` maps each recipient to its account; `answer` makes the receipt for one, or raises."""

    owners: Mapping[str, int | None]
    answer: Callable[[str], Receipt] = accepting
    sent: list[Parcel] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    settings_type: ClassVar[type[BaseModel]] = NoOptions
    can_amend: ClassVar[bool] = False

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        return cls({})

    @property
    def timeout_s(self) -> float:
        return 1.0

    def recipients(self, session: Session) -> list[Recipient]:
        return [Recipient("any", name, owner, frozenset({"alert"})) for name, owner in self.owners.items()]

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> str:
        return recipient

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        receipt = self.answer(address)
        self.sent.append(parcel)
        self.told.append(address)
        return receipt

    def abort(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is held."""
