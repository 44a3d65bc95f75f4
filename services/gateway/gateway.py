"""Everything the endpoints need, made once per process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from redis import Redis
from sqlalchemy.orm import Session

from services.gateway.alert_tests import AlertTests
from services.gateway.asking import Asker
from services.gateway.auth.authenticator import Authenticator
from services.gateway.auth.request import Network
from services.gateway.auth.revocations import Revocations
from services.gateway.auth.tokens import Tokens
from services.gateway.cleanup import Cleanup
from services.gateway.idempotency import Replays
from services.gateway.live.feeds import Feeds
from services.gateway.live.pictures import LivePictures
from services.gateway.live.places import StreamPlaces
from services.gateway.module_jobs import ModuleJobs
from services.gateway.orders import send_order
from services.gateway.queries.event_counts import EventCounts
from services.gateway.queries.health import HealthCheck
from services.gateway.queries.recent_recognitions import RecentRecognitions
from services.gateway.queries.stats import SystemStats
from services.gateway.soft_redis import SoftRedis
from shared.cameras.registry import CameraRules
from shared.cameras.status import read_statuses
from shared.db.engine import SessionFactory
from shared.db.horizon import Horizon
from shared.db.prepared import Readers
from shared.db.secrets import SecretBox
from shared.domain.camera import CameraStatus
from shared.media import MediaStore
from shared.messages.message import Message
from shared.recipients.links import Links
from shared.recipients.registry import RecipientRules
from shared.settings import Settings
from shared.webhooks.registry import WebhookRules

EXTENSION = "argus"


@dataclass(frozen=True, slots=True)
class Gateway:
    """The core below every dialect. `labels` are those of the configured model; none: nobody knows them."""

    settings: Settings
    writes: SessionFactory
    reads: SessionFactory
    readers: Readers
    writers: Horizon
    redis: Redis
    soft_redis: SoftRedis
    asker: Asker
    media: MediaStore
    box: SecretBox
    labels: tuple[str, ...]
    links: Links
    authenticator: Authenticator
    tokens: Tokens
    revocations: Revocations
    replays: Replays
    event_counts: EventCounts
    recent_recognitions: RecentRecognitions
    feeds: Feeds
    cleanup: Cleanup
    health: HealthCheck
    stats: SystemStats
    alert_tests: AlertTests
    modules: ModuleJobs
    places: StreamPlaces
    pictures: LivePictures
    trusted_proxies: tuple[Network, ...]
    now: Callable[[], datetime]

    @property
    def camera_rules(self) -> CameraRules:
        return CameraRules(file_roots=self.settings.file_roots, box=self.box)

    @property
    def webhook_rules(self) -> WebhookRules:
        return WebhookRules(allow_private=self.settings.alerts.webhook_allow_private, box=self.box)

    @property
    def recipient_rules(self) -> RecipientRules:
        return RecipientRules(box=self.box, verify_email=self.settings.alerts.email_verification)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        with self.writes() as session, session.begin():
            yield session

    def order(self, message: Message) -> None:
        """Tell the services, after the commit."""
        send_order(self.soft_redis, message)

    def statuses(self, slugs: list[str]) -> dict[str, CameraStatus]:
        """What ingest tells of cameras now; empty while Redis is away."""
        return self.soft_redis.attempt(lambda redis: read_statuses(redis, slugs), otherwise={}, purpose="camera status")


def current_gateway() -> Gateway:
    """The gateway of the app that answers this request."""
    gateway: Gateway = current_app.extensions[EXTENSION]
    return gateway
