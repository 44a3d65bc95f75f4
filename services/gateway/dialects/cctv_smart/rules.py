"""/rules"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.dry_run_body import DryRunBody, DryRunForm, DryRunShown, dry_run_document
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.rule_body import (
    NewRuleBody,
    RuleChangeBody,
    RuleList,
    RuleShown,
    rule_document,
)
from services.gateway.dialects.cctv_smart.rule_faults import other_faults
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.rules import one_rule, rules_page
from services.gateway.usecases import rules as usecases
from services.gateway.usecases.dry_runs import dry_run, dry_run_on_clip
from shared.accounts.roles import Scope

api = APIBlueprint("rules", __name__, abp_tags=[Tag(name="Rules")], abp_security=SECURITY, abp_responses=REFUSALS)


class RulesQuery(BaseModel):
    camera_id: str | None = Field(
        default=None,
        max_length=64,
        description="only rules that name this camera",
        json_schema_extra={"example": "cam_001"},
    )
    enabled: bool | None = Field(default=None, description="only enabled, or only disabled ones")
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class RulePath(BaseModel):
    id: str = Field(json_schema_extra={"example": "rule_001"})


@api.get("/rules", responses={"200": RuleList})
@endpoint(scope=Scope.READ)
def list_rules(gateway: Gateway, principal: Principal, query: RulesQuery) -> dict[str, Any]:
    """One's own rules and everybody's that concern one's cameras, newest first."""
    with gateway.reads() as session:
        rows, total = rules_page(
            session,
            account_id=principal.visible_account,
            camera=query.camera_id,
            enabled=query.enabled,
            limit=query.limit,
            offset=query.offset,
        )
    return {"rules": [rule_document(row) for row in rows], "count": len(rows), "total": total}


@api.get("/rules/<id>", responses={"200": RuleShown})
@endpoint(scope=Scope.READ)
def get_rule(gateway: Gateway, principal: Principal, path: RulePath) -> dict[str, Any]:
    """One rule."""
    with gateway.reads() as session:
        return rule_document(one_rule(session, path.id, account_id=principal.visible_account))


@api.post("/rules", responses={"201": RuleShown})
@endpoint(scope=Scope.WRITE, beside=other_faults)
def add_rule(gateway: Gateway, principal: Principal, body: NewRuleBody) -> Answer:
    """Add a rule; it counts at once. An administrator's is everybody's, anybody else's concerns the own cameras."""
    return Answer(rule_document(usecases.add(gateway, principal, body.change(), slug=body.id)), status=201)


@api.post("/rules/dry-run", responses={"200": DryRunShown})
@endpoint(scope=Scope.WRITE)
def try_rule(
    gateway: Gateway, principal: Principal, body: DryRunBody | None, form: DryRunForm | None
) -> dict[str, Any]:
    """Tell which events a rule would have raised, without telling anybody else and without storing anything.

    It is tried on what was seen on a camera within the last 24 hours, where it is estimated when a line was crossed; or
    on a clip that is sent as a form, which takes as long as looking at it does. 503 when no eye can look now. A
    sequence is tried on what all its cameras saw, also shortly before `since`; on a clip only where all its steps are
    on one camera.
    """
    if form is not None:
        made = dry_run_on_clip(
            gateway, principal, rule=form.meant(), camera=form.camera_id, clip=form.clip, began_at=form.began_at
        )
        return dry_run_document(made)
    body = body or DryRunBody()
    run = dry_run(gateway, principal, rule=body.meant(), camera=body.camera_id, since=body.since, until=body.until)
    return dry_run_document(run)


@api.put("/rules/<id>", responses={"200": RuleShown})
@endpoint(scope=Scope.WRITE, beside=other_faults)
def change_rule(gateway: Gateway, principal: Principal, path: RulePath, body: RuleChangeBody) -> dict[str, Any]:
    """Change a rule; what is left out stays."""
    return rule_document(usecases.change(gateway, principal, path.id, body.change()))


@api.delete("/rules/<id>", responses={"204": None})
@endpoint(scope=Scope.WRITE)
def remove_rule(gateway: Gateway, principal: Principal, path: RulePath) -> Answer:
    """Remove a rule. The events it raised stay."""
    usecases.remove(gateway, principal, path.id)
    return Answer(None, status=204)
