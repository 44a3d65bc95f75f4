"""A gateway over real storage, asked in this process.

The accounts: alice and bob (operators), eve (viewer) and boss (admin).
"""

from __future__ import annotations

import base64
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_openapi3 import OpenAPI
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from services.gateway.app import application, dialect_app
from services.gateway.bootstrap import Opened, Patience, build
from services.gateway.dialect import Dialect, load_dialects
from services.gateway.gateway import Gateway
from services.gateway.switchboard import Switchboard
from shared.accounts.keys import create_key
from shared.accounts.users import account_named, add_account
from shared.db.engine import connect
from shared.db.migrate import upgrade
from shared.db.tables import Alert, Delivery, Event, Recognition
from shared.domain.ids import alert_id, delivery_id
from shared.settings import Settings
from shared.settings.sections import GatewaySettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

START = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"
ROLES = {"boss": "admin", "alice": "operator", "bob": "operator", "eve": "viewer"}
SNAPSHOT = "snapshots/cam_001/2026/01/15/7d3c.jpg"
JPEG = b"\xff\xd8\xff\xe0 not really a picture \xff\xd9"
NO_HURRY = GatewaySettings(
    rate_limit_key="100000 per hour",
    rate_limit_token="100000 per hour",
    rate_limit_basic="100000 per hour",
    rate_limit_address="100000 per hour",
)
"""Limits that no test reaches by asking often."""
PATIENT = Patience(redis_s=30.0, probes_s=30.0)
"""What is there may take its time: a busy machine must not look like a Redis or a database that is away."""
RTSP = "rtsp://user:pass@192.0.2.101:554/Streaming/Channels/101"


@dataclass
class Clock:
    """A time that stands still until it is moved."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **kwargs: float) -> None:
        self.at += timedelta(**kwargs)


@dataclass
class Api:
    """Asks the gateway and prepares its storage."""

    opened: Opened
    client: Client
    clock: Clock
    keys: Mapping[str, str] = field(repr=False, default_factory=dict)

    def ask(self, method: str, path: str, *, who: str | None = "alice", **kwargs: Any) -> TestResponse:
        """One request as one of the accounts (by key); `who=None` brings no credentials."""
        headers = {**({"X-API-Key": self.keys[who]} if who else {}), **kwargs.pop("headers", {})}
        from_here = {"REMOTE_ADDR": "127.0.0.1", **kwargs.pop("environ_overrides", {})}
        return self.client.open(path, method=method, headers=headers, environ_overrides=from_here, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        return self.ask("POST", path, json=body, **kwargs) if body is not None else self.ask("POST", path, **kwargs)

    def put(self, path: str, body: object, **kwargs: Any) -> TestResponse:
        return self.ask("PUT", path, json=body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("DELETE", path, **kwargs)

    def session(self) -> Session:
        return self.opened.gateway.writes()

    def account_id(self, name: str) -> int:
        with self.opened.gateway.reads() as session:
            return account_named(session, name).id

    def add_event(self, *, who: str = "alice", camera: str = "cam_001", at: datetime = START, **values: Any) -> str:
        """Store an event and return its bare uuid."""
        row = event(account_id=self.account_id(who), camera=camera, at=at, **values)
        with self.session() as session:
            session.add(row)
            session.commit()
        return row.uuid

    def add_recognition(
        self, *, who: str = "alice", camera: str = "cam_001", at: datetime = START, **values: Any
    ) -> int:
        """Store a face match, or what `kind` and `data` say, and return its id."""
        row = recognition(account_id=self.account_id(who), camera=camera, at=at, **values)
        with self.session() as session:
            session.add(row)
            session.commit()
        return row.id

    def add_delivery(self, event_uuid: str, *, who: str = "alice", state: str = "sent", **values: Any) -> str:
        """Store a delivery of an alert about the event and return its id."""
        account, alert = self.account_id(who), alert_id(event_uuid)
        channel, recipient = values.pop("channel", "webhook"), values.pop("recipient", "1")
        row = Delivery(
            id=delivery_id(alert, channel, recipient),
            alert_id=alert,
            event_uuid=event_uuid,
            account_id=account,
            channel=channel,
            recipient=recipient,
            **{"state": state, "due_at": self.clock(), "created_at": self.clock(), **values},
        )
        with self.session() as session:
            session.merge(
                Alert(id=alert, event_uuid=event_uuid, account_id=account, notice={}, decided_at=self.clock())
            )
            session.flush()
            session.add(row)
            session.commit()
        return row.id


def event(*, account_id: int | None, camera: str = "cam_001", at: datetime = START, **values: Any) -> Event:
    defaults = {"label": "person", "confidence": 0.94, "started_at": at, "stored_at": at, "uuid": str(uuid.uuid4())}
    return Event(account_id=account_id, camera_slug=camera, occurred_at=at, **{**defaults, **values})


FACE = {"person_name": "John Doe", "person_id": 1, "similarity": 0.92, "bbox": [100, 150, 250, 300]}
FACE |= {"embedding_distance": 0.35, "job_id": "job-abc123def456"}
PLATE = {"plate_text": "ABC1234", "confidence": 0.88, "region": "US-CA", "list_match": "allow"}
PLATE |= {"bbox": [300, 400, 450, 480], "job_id": "job-abc123def457"}


def recognition(*, account_id: int | None, camera: str = "cam_001", at: datetime = START, **values: Any) -> Recognition:
    defaults = {"kind": "face_match", "stored_at": at, "data": FACE}
    return Recognition(account_id=account_id, camera_slug=camera, at=at, **{**defaults, **values})


def open_api(
    settings: Settings,
    keys: Mapping[str, str],
    *,
    dialects: list[Dialect] | None = None,
    patience: Patience = PATIENT,
) -> Api:
    clock = Clock()
    opened = build(settings, now=clock, patience=patience)
    if dialects is not None:
        return Api(opened, Client(application(opened.gateway, dialects)), clock, keys)
    apps = {dialect.prefix: _OnDemand(dialect, opened.gateway) for dialect in load_dialects()}
    return Api(opened, Client(Switchboard(by_prefix=apps)), clock, keys)


class _OnDemand:
    """A dialect's app from its first request on: most tests speak one dialect, and making an app takes a while."""

    def __init__(self, dialect: Dialect, gateway: Gateway) -> None:
        self._dialect = dialect
        self._gateway = gateway

    @cached_property
    def made(self) -> OpenAPI:
        return dialect_app(self._dialect, self._gateway)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.made(environ, start_response)


def fill(database_url: str) -> dict[str, str]:
    """Migrate the database, add the accounts, and return a key of each by name."""
    engine = connect(database_url)
    upgrade(engine)
    keys = {}
    with Session(engine, expire_on_commit=False) as session:
        for name, role in ROLES.items():
            account = add_account(session, username=name, password=PASSWORD, role=role, now=START)
            keys[name] = create_key(session, account=account, name="test", now=START).text
        session.commit()
    engine.dispose()
    return keys


@dataclass(frozen=True)
class Template:
    """A filled SQLite database to copy: migrating and hashing once is enough."""

    file: Path
    keys: Mapping[str, str]

    def copy_to(self, file: Path) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.file, file)
        return f"sqlite:///{file}"


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}
