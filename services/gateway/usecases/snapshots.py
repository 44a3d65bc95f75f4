"""A camera's picture as it is now. Nothing is made before somebody asks."""

from __future__ import annotations

from services.gateway.asking import unavailable
from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from services.gateway.queries.cameras import one_camera
from shared.domain.errors import InvalidMessage
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeSnapshot
from shared.messages.topics import CAMERA_SNAPSHOT

_PATIENCE_S = 5.0
_RETRY_DOWN_S = 10


def snapshot(gateway: Gateway, principal: Principal, slug: str, *, width: int | None) -> SnapshotAnswer:
    """The picture of a camera the principal may see, at most a second old and at most `width` pixels wide.

    Raises `NotFound`, and `Refusal`: 409 when the camera is disabled, 503 when it gives no picture now, with why.
    """
    with gateway.reads() as session:
        camera = one_camera(session, slug, account_id=principal.visible_account)
    if not camera.enabled:
        raise Refusal(Problem(409, "conflict", f"Camera {slug} is disabled: enable it to see its picture"))
    made = _made_just_now(gateway, slug, width)
    # A camera may have come by the name of one that has just been removed.
    if made is not None and made.captured_at is not None and made.captured_at >= camera.created_at:
        return made
    content = gateway.asker.ask(
        "ingest", lambda reply_to: TakeSnapshot(camera=slug, reply_to=reply_to, width=width), timeout_s=_PATIENCE_S
    )
    answer = _read(content)
    if not answer.jpeg:
        reason = f"{answer.fault.value if answer.fault else 'unknown'} – {answer.detail}"
        raise unavailable(f"Camera {slug} gives no picture now: {reason}", retry_after_s=_RETRY_DOWN_S)
    return answer


def _made_just_now(gateway: Gateway, slug: str, width: int | None) -> SnapshotAnswer | None:
    key = CAMERA_SNAPSHOT.format(slug=slug, width=width or 0)
    content = gateway.soft_redis.attempt(lambda redis: redis.get(key), otherwise=None, purpose="snapshot")
    try:
        return SnapshotAnswer.unpacked(content) if isinstance(content, bytes) else None
    except InvalidMessage:
        return None


def _read(content: bytes) -> SnapshotAnswer:
    try:
        return SnapshotAnswer.unpacked(content)
    except InvalidMessage:
        raise unavailable("Ingest gave an answer that cannot be read", retry_after_s=_RETRY_DOWN_S) from None
