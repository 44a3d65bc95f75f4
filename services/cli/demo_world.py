"""What a demo installation holds before it starts: its folder, settings, cameras, login, key and webhook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.demo_clips import DemoCamera
from services.cli.folders import Folders
from services.cli.installation import ACTOR, now, open_installation
from services.cli.ports import some_free_port, why_not
from shared.accounts.audit import record
from shared.accounts.keys import create_key
from shared.accounts.passwords import one_time_password
from shared.accounts.roles import Role
from shared.accounts.users import DEFAULT_ADMIN, add_account
from shared.cameras.registry import CameraRules, NewCamera, add_camera
from shared.domain.errors import UserError
from shared.settings import Settings, load_settings
from shared.webhooks.registry import WebhookChange, WebhookRules, add_webhook

CLIPS = "clips"
_MARKER = ".argus-demo"
_KEPT = frozenset({CLIPS, "run", _MARKER})


@dataclass(frozen=True, slots=True)
class Login:
    """What a person needs to look around."""

    username: str
    password: str = field(repr=False)
    key: str = field(repr=False)


def demo_settings(folder: Path) -> tuple[Settings, dict[str, str]]:
    """The settings of a demo in the folder, and the variables that tell the services the same.

    Whatever the operator's own settings say of databases, brokers and stores: a demo touches only its folder.
    """
    configured = load_settings()
    host, port = configured.gateway.host, configured.gateway.port
    if why_not(host, port):
        port = some_free_port(host)
    variables = {
        "ARGUS_DATA_DIR": str(folder),
        "ARGUS_DATABASE_URL": f"sqlite:///{folder / 'argus.db'}",
        "ARGUS_MEDIA_URL": (folder / "media").as_uri(),
        "ARGUS_GATEWAY__PORT": str(port),
        "ARGUS_GATEWAY__DIALECT_PORTS": "",
        "ARGUS_INGEST__FILE_ROOTS": str(folder / CLIPS),
        "ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true",
    }
    settings = load_settings(environ={**os.environ, **variables})
    return settings.model_copy(update={"redis_url": None}), variables


def fresh_folder(folders: Folders) -> None:
    """Remove what an earlier demo left, except its clips. Refuses a folder that no demo made."""
    marker = folders.data / _MARKER
    strangers = [entry for entry in folders.data.iterdir() if entry.name not in _KEPT]
    if strangers and not marker.exists():
        reason = f"{folders.data} holds something that is no demo"
        raise UserError("demo", reason, remedy="choose another ARGUS_DATA_DIR")
    marker.touch()
    for entry in strangers:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def lend_models(models: Path, folders: Folders) -> None:
    """Let the demo use the installation's weights, if it has any."""
    if models.is_dir():
        (folders.data / "models").symlink_to(models.resolve(), target_is_directory=True)


def furnish(
    settings: Settings, clips: Iterable[tuple[DemoCamera, Path]], *, receiver_url: str, signing_secret: str
) -> Login:
    """Store the administrator, a key, the cameras and the webhook."""
    installation = open_installation(settings)
    password = one_time_password()
    rules = CameraRules(file_roots=settings.file_roots, box=installation.box)
    loopback = WebhookRules(allow_private=True, box=installation.box)
    with installation.session() as session:
        admin = add_account(session, username=DEFAULT_ADMIN, password=password, role=Role.ADMIN, now=now())
        key = create_key(session, account=admin, name="demo", now=now())
        for camera, clip in clips:
            new = NewCamera(name=camera.name, url=f"{clip.as_uri()}?loop=1")
            add_camera(session, new, account_id=admin.id, rules=rules, now=now())
        webhook = WebhookChange(name="demo receiver", url=receiver_url, events=("alert",), secret=signing_secret)
        add_webhook(session, webhook, account_id=None, rules=loopback, now=now())
        record(session, ACTOR, action="demo.furnish", target="demo", now=now())
    installation.engine.dispose()
    return Login(DEFAULT_ADMIN, password, key.text)


def curl_lines(url: str, login: Login) -> Mapping[str, str]:
    """Commands to type, each with what it shows."""
    key = f"-H 'X-API-Key: {login.key}'"
    return {
        "how everything is": f"curl -s '{url}/health'",
        "the cameras": f"curl -s {key} '{url}/cameras'",
        "the newest events": f"curl -s {key} '{url}/events?limit=5'",
        "the same with the login": f"curl -s -u '{login.username}:{login.password}' '{url}/events?limit=5'",
    }
