"""What else is wrong with a rule of which some fields cannot be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.rule_body import RuleChangeBody
from services.gateway.endpoint import Unsound
from services.gateway.gateway import Gateway
from services.gateway.usecases import rules as usecases
from shared.domain.errors import UserError


def other_faults(gateway: Gateway, principal: Principal, body: Unsound) -> Sequence[UserError]:
    """What storing the rule would have refused; some of it may be what is known to be wrong.

    The rule is the one that the path names, or one to add. Raises what `usecases.faults` raises.
    """
    sound = {name: value for name, value in body.sent.items() if name not in body.wrong}
    change = RuleChangeBody.model_validate_json(json.dumps(sound), strict=True).change()
    condition = body.sent.get("condition")
    if "camera_id" in body.wrong or not isinstance(condition, dict):
        # Where it is to hold is not known, so of its places nothing can be said.
        condition = None
    return usecases.faults(gateway, principal, replace(change, condition=condition), slug=body.path.get("id"))
