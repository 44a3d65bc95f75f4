"""Which rule is tried, and on which cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import one_camera
from shared.db.cameras import Camera
from shared.domain.errors import InvalidInput, UserError
from shared.rules.registry import RuleChange, draft_rule, rule_named, rule_of
from shared.rules.rule import Rule
from shared.rules.steps import InSteps


def meant_rule(
    session: Session, gateway: Gateway, rule: RuleChange | str, *, camera: str | None, account_id: int | None
) -> Rule:
    """The rule that could be stored, or the one of that id. Raises `InvalidInput`, `NotFound`.

    Steps that name no camera are `camera`'s, where the rule names none either.
    """
    if isinstance(rule, str):
        return rule_of(rule_named(session, rule, account_id=account_id))
    lent = camera if not rule.camera and (rule.condition or {}).get("kind") == "sequence" else None
    try:
        whole = replace(rule, camera=lent) if lent else rule
        return draft_rule(session, whole, account_id=account_id, now=gateway.now())
    except InvalidInput as error:
        raise InvalidInput([_in_rule(problem, but="camera_id" if lent else "") for problem in error.problems]) from None


def _in_rule(problem: UserError, *, but: str) -> UserError:
    """The problem, told at its place in what was sent."""
    if problem.field == but:
        return problem
    return UserError(f"rule.{problem.field}", problem.reason, remedy=problem.remedy)


def cameras_of(session: Session, meant: Rule, *, camera: str | None, account_id: int | None) -> Sequence[Camera]:
    """Those on which the rule is tried, last the one whose events it would raise. Raises `UserError`, `NotFound`."""
    slugs = _of_steps(meant.condition) if isinstance(meant.condition, InSteps) else [camera or meant.camera]
    found = [one_camera(session, slug, account_id=account_id) for slug in slugs if slug]
    if not found:
        raise UserError("camera_id", "is required", remedy="name a camera, here or in the rule")
    if isinstance(meant.condition, InSteps):
        if camera not in (None, *slugs):
            raise UserError("camera_id", "is no camera of the rule's sequence", remedy="leave it out")
    elif meant.camera not in (None, found[-1].slug):
        raise UserError("camera_id", f"is not the camera of the rule, {meant.camera}", remedy="leave it out")
    return found


def _of_steps(sequence: InSteps) -> list[str]:
    last = sequence.steps[-1].camera
    if last is None:
        # Rules of files may be stored like this; they never fire.
        place = f"rule.condition.steps.{len(sequence.steps) - 1}.camera"
        raise UserError(place, "is required where the rule has no camera", remedy="name it in the rule")
    return [*(each for each in sequence.cameras() if each != last), last]


def check_clip(meant: Rule, camera: str) -> None:
    """Raises `UserError` where the rule asks for more than a clip of the camera can show."""
    for index, step in enumerate(meant.condition.steps if isinstance(meant.condition, InSteps) else ()):
        if step.camera != camera:
            raise UserError(
                f"rule.condition.steps.{index}.camera",
                "is another camera than the clip's, and a clip shows one",
                remedy="send no clip: the rule is tried on what its cameras have seen",
            )


def reach_of(meant: Rule) -> timedelta:
    """How far back before an event lies what it may depend on."""
    return timedelta(seconds=meant.condition.within_s if isinstance(meant.condition, InSteps) else 0.0)
