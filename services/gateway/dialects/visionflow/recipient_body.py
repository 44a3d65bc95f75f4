"""What recipients of all kinds have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.fields import Name
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.queries.accounts import uuids_of
from services.gateway.queries.recipients import recipients_page
from services.gateway.usecases import recipients as usecases
from shared.db.recipients import RecipientRow
from shared.domain.errors import InvalidInput, NotFound, UserError
from shared.domain.recipient import NOTIFICATION_TYPES, NotificationType
from shared.recipients.registry import RecipientChange, recipient_numbered

NotificationTypes = Annotated[list[NotificationType], Field(min_length=1, max_length=len(NOTIFICATION_TYPES))]
_MOST_LETTERS = 128


class RecipientsQuery(BaseModel):
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=500, ge=1, le=500)


class RecipientPath(BaseModel):
    recipient_id: int = Field(ge=1, le=2**31 - 1)


class NewRecipientBody(BaseModel):
    name: Name | None = Field(default=None, examples=["安全監控群組"])
    notification_types: NotificationTypes = Field(default=["alerts"], examples=[["alerts", "daily_reports"]])
    active: bool = True

    def stored(self, *, address: Mapping[str, Any], usual_name: str, secret: str | None = None) -> RecipientChange:
        """What the core is to store; `usual_name` is for whoever was given none."""
        return RecipientChange(
            name=self.name or usual_name[:_MOST_LETTERS],
            address=address,
            secret=secret,
            notification_types=tuple(self.notification_types),
            enabled=self.active,
        )


class RecipientChangeBody(BaseModel):
    name: Name | None = None
    notification_types: NotificationTypes | None = None
    active: bool | None = None

    def stored(self, *, address: Mapping[str, Any] | None, secret: str | None = None) -> RecipientChange:
        """What the core is to change; None keeps what is stored."""
        return RecipientChange(
            name=self.name,
            address=address,
            secret=secret,
            notification_types=tuple(self.notification_types) if self.notification_types is not None else None,
            enabled=self.active,
        )


class RecipientShown(BaseModel):
    id: int = Field(examples=[1])
    account_uuid: str | None = Field(examples=["550e8400-e29b-41d4-a716-446655440000"])
    name: str = Field(examples=["安全部門"])
    notification_types: list[str]
    active: bool
    verified: bool
    created_at: str = Field(examples=["2024-01-15T10:00:00Z"])


class RecipientAdded(BaseModel):
    id: int = Field(examples=[2])
    created_at: str = Field(examples=["2024-01-20T17:00:00Z"])


class RecipientRemoved(BaseModel):
    status: str = Field(examples=["success"])
    message: str
    deleted_recipient_id: int = Field(examples=[1])


def listed(
    gateway: Gateway, principal: Principal, channel: str, query: RecipientsQuery
) -> tuple[Sequence[RecipientRow], int, dict[int, str]]:
    """A page of a channel's recipients, newest first, how many there are, and the accounts' uuids by their ids."""
    with gateway.reads() as session:
        rows, total = recipients_page(
            session,
            account_id=principal.visible_account,
            channel=channel,
            limit=query.limit,
            offset=(query.page - 1) * query.limit,
        )
    return rows, total, account_uuids(gateway, rows)


def account_uuids(gateway: Gateway, rows: Iterable[RecipientRow]) -> dict[int, str]:
    """Of whose recipients these are."""
    with gateway.reads() as session:
        return uuids_of(session, {row.account_id for row in rows if row.account_id is not None})


def owned(gateway: Gateway, principal: Principal, number: int, *, channel: str) -> None:
    """Raises `NotFound` for a recipient of another channel, too: here there is no such one."""
    with gateway.reads() as session:
        row = recipient_numbered(session, number, account_id=principal.visible_account)
    if row.channel != channel:
        raise NotFound("recipient", f"there is no recipient {number}")


def removed(gateway: Gateway, principal: Principal, path: RecipientPath, *, channel: str, words: str) -> Answer:
    """Delete a recipient of that channel. Raises `NotFound`."""
    owned(gateway, principal, path.recipient_id, channel=channel)
    usecases.remove(gateway, principal, path.recipient_id)
    return success(words=words, deleted_recipient_id=path.recipient_id)


def recipient_document(
    row: RecipientRow, uuids: Mapping[int, str], shown: Mapping[str, Any], *, told_as: str
) -> dict[str, Any]:
    """A recipient in the contract's order: `shown` is what its kind alone has, `told_as` names its last arrival."""
    return {
        "id": row.id,
        "account_uuid": uuids.get(row.account_id) if row.account_id is not None else None,
        **shown,
        "name": row.name,
        "notification_types": row.notification_types,
        "active": row.enabled,
        "verified": row.verified_at is not None,
        "created_at": whole_seconds(row.created_at),
        told_as: whole_seconds_or_none(row.last_told_at),
    }


@contextmanager
def named_here() -> Iterator[None]:
    """The core's problems by the names that clients of this dialect know."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput([_renamed(problem) for problem in error.problems]) from None


def _renamed(problem: UserError) -> UserError:
    field = problem.field.removeprefix("address.").replace("secret", "token")
    return UserError(field, problem.reason, remedy=problem.remedy)
