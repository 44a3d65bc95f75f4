"""What recipients of all kinds have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.accounts import uuids_of
from services.gateway.queries.recipients import recipients_page
from shared.db.recipients import RecipientRow
from shared.domain.errors import InvalidInput, NotFound, UserError
from shared.domain.recipient import NOTIFICATION_TYPES, NotificationType
from shared.recipients.registry import recipient_numbered

NotificationTypes = Annotated[list[NotificationType], Field(min_length=1, max_length=len(NOTIFICATION_TYPES))]
_MOST_LETTERS = 128


class RecipientsQuery(BaseModel):
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=500, ge=1, le=500)


class RecipientPath(BaseModel):
    recipient_id: int = Field(ge=1, le=2**31 - 1)


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


def unread_name(text: str) -> str:
    """A name for whoever was given none."""
    return text[:_MOST_LETTERS]


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
