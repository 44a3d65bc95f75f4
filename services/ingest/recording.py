"""Recording put together: who writes segments, and who keeps the disk in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.ingest.keeper import Keeper
from services.ingest.recorder import Recorder
from shared.media import MediaStore
from shared.settings import Settings

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Recording:
    """Nothing runs before `start`."""

    recorder: Recorder
    keeper: Keeper

    def start(self) -> None:
        self.keeper.start()
        self.recorder.start()

    def stop(self) -> None:
        """Close all segments; takes a second and a half at most."""
        self.recorder.stop(timeout_s=1.0)
        self.keeper.stop(timeout_s=0.5)


def open_recording(settings: Settings) -> Recording:
    """Segments are written into the media store, or, where that is elsewhere, into a spool and sent there when closed.

    Raises `UserError` when the media store cannot be used.
    """
    ingest = settings.ingest
    media = MediaStore.open(settings.effective_media_url)
    is_here = media.local_path("segments") is not None
    keeper = Keeper(
        here=media if is_here else MediaStore.open((settings.data_dir.resolve() / "spool").as_uri()),
        media=media,
        keep=timedelta(hours=ingest.retention_h),
        min_free_bytes=ingest.min_free_mib * _MIB,
    )
    recorder = Recorder(
        place=keeper.place,
        segment_s=ingest.segment_s,
        shortage=lambda: keeper.shortage,
        on_failure=keeper.look_soon,
    )
    return Recording(recorder, keeper)
