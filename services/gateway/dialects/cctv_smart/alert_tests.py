"""/alert/test"""

from __future__ import annotations

from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, RootModel

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.usecases.alert_tests import send_test_alert
from shared.accounts.roles import Scope
from shared.domain.channel import ChannelName
from shared.messages.alert_test import OutcomeStatus

api = APIBlueprint(
    "alert_tests", __name__, abp_tags=[Tag(name="Alerts")], abp_security=SECURITY, abp_responses=REFUSALS
)

Channels = Annotated[list[ChannelName], Field(max_length=32, examples=[["telegram", "email", "physical"]])]


class AlertTestBody(BaseModel):
    """Without `channels`, every channel in use is tried."""

    channels: Channels | None = None
    message: str = Field(default="Test Argus", min_length=1, max_length=1000, examples=["Test CCTV Smart"])
    photo_path: Annotated[str, Field(max_length=1000)] | None = Field(
        default=None, description="a picture in the media store, such as an event's snapshot"
    )


class ChannelTried(BaseModel):
    """`reason` says why a channel failed or is not configured. `recipients` counts whom it reached."""

    status: OutcomeStatus
    reason: str = ""
    message_id: int | str = Field(default=0, examples=[12345])
    recipients: int = Field(default=0, examples=[2])
    devices: list[str] = Field(default=[], examples=[["siren"]])


class AlertTested(RootModel[dict[str, ChannelTried]]):
    """Each channel's own outcome, by its name; fields that a channel has nothing to say to are left out."""


@api.post("/alert/test", responses={"200": AlertTested})
@endpoint(scope=Scope.WRITE)
def test_alert(gateway: Gateway, principal: Principal, body: AlertTestBody) -> dict[str, Any]:
    """Really send a test alert, and say how each channel fared.

    An operator's test reaches the account's own recipients, an administrator's everybody's. It says of itself that
    it is a test, and is no event. A channel that has not answered within 14 seconds is `failed`; one that nobody set
    up is `not_configured`. At most five tests a minute for each account.
    """
    outcomes = send_test_alert(
        gateway, principal, channels=body.channels or (), message=body.message, photo=body.photo_path
    )
    return {name: outcome.model_dump(exclude_none=True, mode="json") for name, outcome in outcomes.items()}
