"""/system/stats, /system/config and /system/restart"""

from __future__ import annotations

from typing import Any, Literal

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.system_body import ConfigBody, StatsBody
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.configuration import all_settings, configuration
from services.gateway.usecases import system as usecases
from shared.accounts.roles import Scope

api = APIBlueprint("system", __name__, abp_tags=[Tag(name="System")], abp_security=SECURITY, abp_responses=REFUSALS)

ServiceName = Literal["gateway", "ingest", "eye", "brain", "alerts", "modules"]


class RestartBody(BaseModel):
    """Graceful: what is in flight may take `timeout_seconds`. `services` left out means all."""

    graceful: bool = True
    timeout_seconds: int = Field(default=30, ge=1, le=300, examples=[30])
    services: list[ServiceName] | None = Field(default=None, min_length=1, max_length=16, examples=[["eye"]])


class RestartOrdered(BaseModel):
    status: str = Field(examples=["shutting_down"])
    timeout_seconds: int = Field(examples=[30])
    message: str = Field(examples=["System will restart in 30 seconds"])


@api.get("/system/stats", responses={"200": StatsBody})
@endpoint(scope=Scope.READ)
def get_stats(gateway: Gateway) -> dict[str, Any]:
    """Load of the machine, queues, and how long the system has been up.

    What does not answer within a second is null: with Redis away, its queues and everything learned through it.
    Sizes are in GiB, load and temperature those of the gateway's machine.
    """
    return gateway.stats.now()


@api.get("/system/config", responses={"200": ConfigBody})
@endpoint(scope=Scope.READ)
def get_config(gateway: Gateway, principal: Principal) -> dict[str, Any]:
    """The configuration in effect.

    `cameras_count` and `rules_count` are of what one may see. `settings`, every setting with its secrets masked, is
    for the scope `admin` only, null for others.
    """
    with gateway.reads() as session:
        shown = configuration(session, gateway.soft_redis, gateway.settings, account_id=principal.visible_account)
    return {**shown, "settings": all_settings(gateway.settings) if Scope.ADMIN in principal.scopes else None}


@api.post("/system/restart", responses={"202": RestartOrdered})
@endpoint(scope=Scope.ADMIN)
def restart(gateway: Gateway, principal: Principal, body: RestartBody) -> Answer:
    """Restart every service, or some.

    Graceful, each ends when what it has in flight is done, after `timeout_seconds` at the latest, and is started
    again at once: that may be well before the time named. Otherwise each has the moment that any stop leaves. The
    API itself is gone for a few seconds meanwhile.
    """
    usecases.restart(
        gateway,
        principal,
        services=sorted(set(body.services or ())),
        graceful=body.graceful,
        timeout_s=body.timeout_seconds,
    )
    when = f"in {body.timeout_seconds} seconds" if body.graceful else "immediately"
    answer = {"status": "shutting_down", "timeout_seconds": body.timeout_seconds}
    return Answer({**answer, "message": f"System will restart {when}"}, status=202)
