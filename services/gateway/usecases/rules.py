"""Adding, changing and removing rules through the API."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from shared.accounts.audit import record
from shared.db.events import RuleRow
from shared.domain.errors import Conflict, UserError
from shared.messages.commands import SyncRules
from shared.rules.registry import FROM_FILE, RuleChange, add_rule, change_rule, problems_of, rule_named


def add(gateway: Gateway, principal: Principal, new: RuleChange, *, slug: str | None) -> RuleRow:
    """Store a rule and tell the services. An administrator's is everybody's, anybody else's concerns the own cameras.

    Raises `InvalidInput`, `Conflict`.
    """
    now = gateway.now()
    with gateway.writing() as session:
        row = add_rule(session, new, account_id=principal.visible_account, slug=slug, now=now)
        record(session, principal.actor, action="rule.add", target=row.slug, now=now)
    gateway.order(SyncRules())
    return row


def change(gateway: Gateway, principal: Principal, slug: str, change: RuleChange) -> RuleRow:
    """Change what is named.

    Raises `NotFound`, `InvalidInput`, `Conflict` for a rule that stands in argus.yaml, `Refusal` (403) for one that is
    everybody's.
    """
    now = gateway.now()
    with gateway.writing() as session:
        row = _writable(session, principal, slug)
        change_rule(session, row, change, now=now)
        detail = {"fields": change.fields}
        record(session, principal.actor, action="rule.change", target=slug, now=now, detail=detail)
    gateway.order(SyncRules())
    return row


def faults(gateway: Gateway, principal: Principal, change: RuleChange, *, slug: str | None) -> Sequence[UserError]:
    """Everything that is wrong with a change of the rule, or with one to add (None). Stores nothing.

    Raises what `change` raises because of the rule itself.
    """
    with gateway.reads() as session:
        row = _writable(session, principal, slug) if slug is not None else None
        return problems_of(session, change, row=row, account_id=principal.visible_account, now=gateway.now())


def remove(gateway: Gateway, principal: Principal, slug: str) -> None:
    """Delete a rule; the events it raised stay. Raises `NotFound`, and `Refusal` (403) as above."""
    with gateway.writing() as session:
        session.delete(_writable(session, principal, slug))
        record(session, principal.actor, action="rule.remove", target=slug, now=gateway.now())
    gateway.order(SyncRules())


def _writable(session: Session, principal: Principal, slug: str) -> RuleRow:
    row = rule_named(session, slug, account_id=principal.visible_account)
    if principal.visible_account not in (None, row.account_id):
        raise Refusal(Problem(403, "forbidden", "The rule is everybody's: only an administrator may change it"))
    if row.origin == FROM_FILE:
        raise Conflict("id", f"{slug} stands in argus.yaml", remedy="change it there, and start Argus again")
    return row
