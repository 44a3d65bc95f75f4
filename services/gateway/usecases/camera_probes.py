"""Opening a camera once to see what it sends."""

from __future__ import annotations

from services.gateway.asking import unavailable
from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import one_camera
from shared.accounts.audit import record
from shared.domain.camera_url import mask_url
from shared.domain.errors import InvalidMessage
from shared.messages.answers import ProbeAnswer
from shared.messages.commands import PROBE_LOOK_S, ProbeCamera

# An order waits for ingest's main loop, and its answer for the way back.
_EXTRA_S = 2.0


def probe_camera(gateway: Gateway, principal: Principal, slug: str) -> ProbeAnswer:
    """Open the stored address of a camera the principal may see anew, whether or not the camera is enabled.

    Raises `NotFound`, and `Refusal` (503) when nobody can look now.
    """
    with gateway.reads() as session:
        camera = one_camera(session, slug, account_id=principal.visible_account)
    return _probed(gateway, principal, camera.url_encrypted, shown=camera.url_masked, target=slug)


def probe_address(gateway: Gateway, principal: Principal, url: str) -> ProbeAnswer:
    """Open an address that passed the validation of new cameras. Raises `Refusal` (503) when nobody can look now."""
    shown = mask_url(url)
    return _probed(gateway, principal, gateway.box.seal(url.strip()), shown=shown, target=shown)


def _probed(gateway: Gateway, principal: Principal, sealed_url: str, *, shown: str, target: str) -> ProbeAnswer:
    content = gateway.asker.ask(
        "ingest",
        lambda reply_to: ProbeCamera(sealed_url=sealed_url, reply_to=reply_to),
        timeout_s=gateway.settings.ingest.connect_timeout_s + PROBE_LOOK_S + _EXTRA_S,
    )
    try:
        answer = ProbeAnswer.unpacked(content)
    except InvalidMessage:
        raise unavailable("Ingest gave an answer that cannot be read", retry_after_s=10) from None
    if answer.busy:
        raise unavailable("Ingest is busy with other probes; try again in a moment", retry_after_s=5)
    with gateway.writing() as session:
        record(session, principal.actor, action="camera.probe", target=target, now=gateway.now())
    return answer.model_copy(update={"url": shown})
