"""What a recipient may be: everything that is wrong with a change, each problem with its own field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera
from shared.db.events import RuleRow
from shared.domain.errors import UserError
from shared.domain.recipient import LANGUAGES, NOTIFICATION_TYPES
from shared.net import parse_target
from shared.recipients.addresses import parse_address
from shared.rules.registry import MAX_COOLDOWN_S, MAX_SEVERITY, visible_to
from shared.rules.schedule import Schedule
from shared.settings.section import nearest

if TYPE_CHECKING:
    from shared.recipients.registry import RecipientChange

MAX_AFTER_S: Final = 86_400.0
MAX_NAMES: Final = 500
MAX_SECRET: Final = 1024


def checked_address(
    channel: str, address: Mapping[str, Any] | None, problems: list[UserError]
) -> dict[str, Any] | None:
    """The address as it is stored; None when there is none, or it is wrong and `problems` has grown."""
    if address is None:
        return None
    try:
        stored = parse_address(channel, address).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        problems += _problems_of(error, "address", is_flat=True)
        return None
    for name in ("url", "off_url"):
        if (url := stored.get(name)) is not None and (problem := _problem_of_url(url, f"address.{name}")):
            problems.append(problem)
    return stored


def checked_quiet(quiet: Mapping[str, Any] | None, problems: list[UserError]) -> dict[str, Any] | None:
    """The quiet hours as they are stored; None as above."""
    if quiet is None:
        return None
    try:
        return Schedule.model_validate(quiet).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        problems += _problems_of(error, "quiet")
        return None


def problems_of_values(stored_name: str, change: RecipientChange) -> Iterator[UserError]:
    """Everything that a change shows by itself, but for address and quiet hours."""
    name = stored_name if change.name is None else change.name
    if not name.strip() or len(name) > 128:
        yield UserError("name", "has no or more than 128 characters", remedy="name the recipient")
    if change.secret is not None and (len(change.secret) > MAX_SECRET or not _is_one_line(change.secret)):
        yield UserError("secret", f"must be one line of at most {MAX_SECRET} characters")
    if change.notification_types is not None:
        if not change.notification_types:
            yield UserError("notification_types", "must name at least one", remedy=", ".join(NOTIFICATION_TYPES))
        yield from _unknown("notification_types", change.notification_types, NOTIFICATION_TYPES)
    if change.language is not None:
        yield from _unknown("language", (change.language,), LANGUAGES)
    for field, value, most in (
        ("min_severity", change.min_severity, MAX_SEVERITY),
        ("urgent_severity", change.urgent_severity, MAX_SEVERITY),
        ("cooldown_s", change.cooldown_s, MAX_COOLDOWN_S),
        ("after_s", change.after_s, MAX_AFTER_S),
    ):
        if value is not None and not 0 <= value <= most:
            yield UserError(field, f"must be from 0 to {most:.0f}")


def problems_of_places(
    session: Session, account_id: int | None, *, cameras: Sequence[str] | None, rules: Sequence[str] | None
) -> Iterator[UserError]:
    """Cameras and rules that are not there, or not the account's to hear of."""
    own = () if account_id is None else (Camera.account_id == account_id,)
    for field, names, query in (
        ("cameras", cameras or (), select(Camera.slug).where(*own)),
        ("rules", rules or (), select(RuleRow.slug).where(*visible_to(account_id))),
    ):
        if not names:
            continue
        if len(names) > MAX_NAMES:
            yield UserError(field, f"must hold at most {MAX_NAMES} names")
            continue
        known = set(session.scalars(query))
        for position, name in enumerate(names):
            if name not in known:
                yield UserError(f"{field}.{position}", f"there is no such {field.removesuffix('s')}")


def _unknown(field: str, names: Sequence[str], known: Sequence[str]) -> Iterator[UserError]:
    for position, name in enumerate(names):
        if name not in known:
            place = field if len(names) == 1 and field == "language" else f"{field}.{position}"
            yield UserError(place, f"{name[:64]!r} is not known", remedy=nearest(name, known))


def _problems_of(error: ValidationError, field: str, *, is_flat: bool = False) -> Iterator[UserError]:
    reasons: dict[str, str] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        # Of a field that may be one of several things pydantic names each that it is not, below the field.
        place = ".".join([field, *map(str, each["loc"][:1] if is_flat else each["loc"])])
        reason = "is required" if each["type"] == "missing" else each["msg"].removeprefix("Value error, ")
        reason = reason[:1].lower() + reason[1:]
        reasons[place] = f"{reasons[place]}, or {reason}" if place in reasons else reason
    for place, reason in reasons.items():
        yield UserError(place, reason)


def _problem_of_url(url: str, field: str) -> UserError | None:
    try:
        parse_target(url, allow_private=True, field=field)
    except UserError as error:
        reason = f"{error.reason}; put user:password into the secret" if "credentials" in error.reason else error.reason
        return UserError(field, reason)
    return None


def _is_one_line(text: str) -> bool:
    return not any(ord(char) < 0x20 or ord(char) == 0x7F for char in text)
