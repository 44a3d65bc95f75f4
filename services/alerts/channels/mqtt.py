"""Telling an MQTT broker, in a way that Home Assistant understands by itself."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, Field
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.alerts import camera_roll
from services.alerts.announcements import Announcements
from services.alerts.broker import CHANNEL, BrokerOptions, Message
from services.alerts.broker_link import BrokerLink
from services.alerts.channel import Parcel, Receipt
from services.alerts.event_messages import changes_a_camera, event_messages
from services.alerts.home_assistant import OFFLINE, ONLINE, Topics
from services.alerts.notice import Notice
from services.alerts.policy import Recipient
from shared.db.engine import SessionFactory
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, Transient, UserError
from shared.media import MediaStore
from shared.observability import get_logger
from shared.settings import Settings
from shared.streams import connect

log = get_logger("alerts.mqtt")

RECIPIENT: Final = "broker"
SNAPSHOT_LIMIT: Final = 4 * 1024 * 1024
"""A larger picture is left out, in bytes."""
REFRESH_S: Final = 15.0
"""How often cameras are looked for that are new, gone, renamed, or up or down unsaid."""
LABELS_OF: Final = timedelta(days=14)
"""What was seen before that has no sensor until it is seen again."""

_TOPIC = r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}$"
_EVERYTHING = frozenset({"detection", "camera_down", "camera_up", "system", "report"})


class MqttOptions(BrokerOptions):
    """The channel's own settings."""

    base_topic: str = Field(default="argus", pattern=_TOPIC)
    discovery: bool = True
    discovery_prefix: str = Field(default="homeassistant", pattern=_TOPIC)


class MqttChannel:
    """Publishes every event, the state of each camera, and what makes Home Assistant show them.

    Its one recipient is the broker of the settings: without a url it has none, and connects to nothing.
    """

    settings_type: ClassVar[type[BaseModel]] = MqttOptions
    can_amend: ClassVar[bool] = False

    def __init__(self, options: MqttOptions, *, media_url: str, redis_url: str | None) -> None:
        self._options = options
        self._media_url = media_url
        self._redis_url = redis_url
        self._media: MediaStore | None = None
        self._topics = Topics(options.base_topic)
        self._announcements = Announcements(
            self._topics, prefix=options.discovery_prefix if options.discovery else None, version=_version()
        )
        self._told: dict[str, str] = {}
        self._due = threading.Event()
        self._closed = False
        self._birth = f"{options.discovery_prefix}/status"
        self._link = BrokerLink(
            options,
            will=Message(self._topics.bridge, OFFLINE.encode(), retain=True),
            greeting=Message(self._topics.bridge, ONLINE.encode(), retain=True),
            subscriptions=(self._topics.bridge, *((self._birth,) if options.discovery else ())),
            on_up=self._tell_all_again,
            take=self._heard,
        )

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        return cls(options, media_url=settings.effective_media_url, redis_url=settings.redis_url)

    @property
    def timeout_s(self) -> float:
        return self._options.timeout_s

    def recipients(self, session: Session) -> list[Recipient]:
        return [] if self._options.url is None else [Recipient(CHANNEL, RECIPIENT, None, _EVERYTHING)]

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> str:
        if recipient != RECIPIENT or self._options.url is None:
            raise Permanent("no broker is configured")
        return RECIPIENT

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        notice, room = parcel.notice, list[Message]()
        if changes_a_camera(notice):
            label = notice.label if notice.kind == "detection" else None
            room = self._announcements.seen(notice.camera, name=notice.camera_name, label=label)
        messages = room + event_messages(self._topics, parcel, picture=self._picture(notice))
        numbers = self._publish(messages)
        return Receipt({"mid": numbers[-1], "topic": messages[-1].topic, "messages": len(messages)})

    def abort(self) -> None:
        self._link.abort()

    def close(self) -> None:
        self._closed = True
        self._due.set()
        self._link.close()

    def tend(self, sessions: SessionFactory, stop: threading.Event) -> None:
        """Stay connected, and keep what the broker knows of the cameras true."""
        if self._options.url is None:
            return
        redis = connect(self._redis_url) if self._redis_url else None
        self._link.start()
        while not stop.is_set() and not self._closed:
            anew = self._due.wait(REFRESH_S)
            self._due.clear()
            try:
                self._refresh(sessions, redis, anew=anew)
            except (SQLAlchemyError, RedisError, Transient, Permanent) as error:
                log.info("cameras_not_announced", reason=str(error)[:200])
        if redis is not None:
            redis.close()

    def _refresh(self, sessions: SessionFactory, redis: Redis | None, *, anew: bool) -> None:
        with sessions() as session:
            cameras = camera_roll.cameras(session, events_since=datetime.now(UTC) - LABELS_OF if anew else None)
        down = {} if redis is None else camera_roll.down(redis, [camera.slug for camera in cameras])
        states = {slug: OFFLINE if is_down else ONLINE for slug, is_down in down.items()}
        new = {slug: state for slug, state in states.items() if self._told.get(slug) != state}
        messages = self._announcements.changes(cameras)
        messages += [Message(self._topics.status(slug), state.encode(), retain=True) for slug, state in new.items()]
        if messages:
            self._publish(messages)
            self._announcements.settled(cameras)
            self._told.update(new)

    def _publish(self, messages: list[Message]) -> list[int]:
        try:
            return self._link.publish(messages)
        except (Transient, Permanent):
            self._announcements.forget()  # which of them arrived is not known
            raise

    def _picture(self, notice: Notice) -> bytes | None:
        """The deciding picture; None when there is none: an event without is better than no event."""
        if notice.snapshot is None or not changes_a_camera(notice):
            return None
        try:
            if self._media is None:
                self._media = MediaStore.open(self._media_url)
            picture = self._media.read(notice.snapshot)
        except (FileNotFoundError, Transient, Permanent, UserError) as error:
            log.info("snapshot_left_out", reason=str(error)[:200])
            return None
        return picture if len(picture) <= SNAPSHOT_LIMIT else None

    def _tell_all_again(self) -> None:
        self._announcements.forget()
        self._told.clear()
        self._due.set()

    def _heard(self, message: Message) -> None:
        if message.topic == self._birth and message.payload == ONLINE.encode():
            self._tell_all_again()
        elif message.topic == self._topics.bridge and message.payload == OFFLINE.encode() and not self._closed:
            # Another process ended, or an earlier connection: Argus as a whole is still here.
            self._link.hand_over(Message(self._topics.bridge, ONLINE.encode(), retain=True))


def _version() -> str:
    try:
        return version("argus")
    except PackageNotFoundError:
        return "0"
