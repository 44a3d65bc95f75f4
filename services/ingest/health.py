"""What is known of a camera, and which facts follow from it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.ingest.faults import SourceFailed
from shared.domain.camera import CameraFault, CameraState, CameraStatus
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded

HealthFact = CameraWentDown | CameraCameUp | GapRecorded

# Faults that a person has to mend; the others may pass by themselves.
_NEEDS_A_PERSON = frozenset(
    {
        CameraFault.AUTH_FAILED,
        CameraFault.NOT_FOUND,
        CameraFault.UNSUPPORTED_CODEC,
        CameraFault.TLS,
        CameraFault.INVALID_URL,
    }
)


class CameraHealth:
    """Turns what befalls a camera into its status and into facts for people.

    A camera is *down* when it has given no picture for `down_after_s`; that is told once, and its coming up again
    once. `told_down_since` is what an earlier run of this service told already. A file that ended is not down.
    """

    def __init__(
        self, camera: str, *, now: datetime, down_after_s: float, told_down_since: datetime | None = None
    ) -> None:
        self._camera = camera
        self._down_after = timedelta(seconds=down_after_s)
        self._silent_since = told_down_since or now
        self._told_down_since = told_down_since
        self._failure: SourceFailed | None = None
        self._seen = False
        self.status = CameraStatus(state=CameraState.CONNECTING, since=now)

    @property
    def told_down_since(self) -> datetime | None:
        return self._told_down_since

    def connecting(self, now: datetime) -> None:
        """A new try begins. The last fault stays on show until it is known to be over."""
        if self.status.fault is None:
            self._set(now, state=CameraState.CONNECTING)

    def streaming(
        self, now: datetime, *, codec: str, width: int, height: int, fps: float, detail: str = ""
    ) -> list[HealthFact]:
        """Pictures come, at `fps` as measured. Call it for the first one and as often as is useful.

        `detail` says what people should know although pictures come.
        """
        facts: list[HealthFact] = []
        if self._failure is not None and self._seen:
            facts.append(
                GapRecorded(camera=self._camera, started_at=self._silent_since, ended_at=now, fault=self._failure.fault)
            )
        if self._told_down_since is not None:
            facts.append(CameraCameUp(camera=self._camera, since=self._told_down_since, at=now))
        self._failure, self._told_down_since, self._seen, self._silent_since = None, None, True, now
        self._set(now, state=CameraState.STREAMING, fault=None, detail=detail)
        self.status = replace(
            self.status, codec=codec, width=width, height=height, fps=round(fps, 2), last_frame_at=now
        )
        return facts

    def failed(self, now: datetime, failure: SourceFailed) -> list[HealthFact]:
        """The connection broke, or could not be made."""
        self._failure = failure
        state = CameraState.ERROR if failure.fault in _NEEDS_A_PERSON else CameraState.OFFLINE
        self._set(now, state=state, fault=failure.fault, detail=failure.detail)
        self.status = replace(self.status, fps=0.0)
        return self.looked_at(now)

    def looked_at(self, now: datetime) -> list[HealthFact]:
        """What has become true by the mere passing of time."""
        failure = self._failure
        if failure is None or failure.fault is CameraFault.ENDED or self._told_down_since is not None:
            return []
        if now - self._silent_since < self._down_after:
            return []
        self._told_down_since = self._silent_since
        return [
            CameraWentDown(camera=self._camera, since=self._silent_since, fault=failure.fault, detail=failure.detail)
        ]

    def _set(
        self,
        now: datetime,
        *,
        state: CameraState,
        fault: CameraFault | None = None,
        detail: str = "",
    ) -> None:
        since = self.status.since if state is self.status.state else now
        self.status = replace(self.status, state=state, since=since, fault=fault, detail=detail)
