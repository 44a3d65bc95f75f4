"""An installation for the tests of ingest, on SQLite: nothing here depends on which database it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from shared.settings import Settings
from shared.settings.sections import IngestSettings
from tests.integration.ingest.site import Site


@pytest.fixture
def site(tmp_path: Path, redis_url: str, redis: Redis) -> Iterator[Site]:
    """Ingest may read files below the test's own folder; it comes back quickly after failures."""
    settings = Settings(
        data_dir=tmp_path / "data",
        redis_url=redis_url,
        ingest=IngestSettings(
            file_roots=(tmp_path,),
            sync_interval_s=0.5,
            backoff_base_s=0.2,
            backoff_cap_s=0.5,
            connect_timeout_s=3,
            stall_timeout_s=3,
            down_after_s=1,
            active_hold_s=2,
        ),
    )
    made = Site(settings, redis)
    yield made
    made.close()
