"""Channels that reach people in chats, opened as alerts does, and notices to tell over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from services.alerts.channel import Channel, Parcel, open_channels
from services.alerts.notice import Notice
from shared.db.secrets import SecretBox
from shared.media import MediaStore
from shared.messages.events import EventRaised
from shared.settings import Settings

BOX = SecretBox(Fernet.generate_key().decode())
DELIVERY = "0f8fad5b-d9cb-469f-a165-70867728950e"
JPEG = b"\xff\xd8\xff\xe0 not much of a picture \xff\xd9"


def settings_for(
    name: str,
    folder: Path,
    *,
    options: dict[str, Any],
    redis_url: str | None = None,
    database_url: str | None = None,
    public_url: str | None = None,
) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": folder,
            "redis_url": redis_url,
            "database_url": database_url,
            "gateway": {"public_url": public_url},
            "alerts": {"channels": [name], "channel_settings": {name: options}},
        }
    )


def open_channel(settings: Settings) -> Channel:
    (channel,) = open_channels(settings, BOX).values()
    return channel


def notice(**fields: object) -> Notice:
    return Notice.of(EventRaised.example()).model_copy(update=fields)


def parcel(*, delivery_id: str = DELIVERY, amends: dict[str, Any] | None = None, **fields: object) -> Parcel:
    return Parcel(delivery_id, 1, notice(**fields), amends)


def store_photo(settings: Settings, content: bytes = JPEG) -> None:
    """Put the picture of the notices where they say it is."""
    path = notice().snapshot
    assert path is not None
    MediaStore.open(settings.effective_media_url).write(path, content)
