"""`argus camera`: video sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.cli.installation import ACTOR, Installation, now, open_installation
from services.cli.probing import Probed, probe_url
from services.cli.tables import show
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.accounts.users import account_named
from shared.cameras.registry import (
    CameraChange,
    CameraRules,
    NewCamera,
    add_camera,
    camera_named,
    change_camera,
    list_cameras,
    remove_camera,
)
from shared.cameras.status import read_statuses
from shared.db.accounts import Account
from shared.domain.errors import UserError
from shared.messages.camera_status import status_fields
from shared.messages.commands import SyncCamera
from shared.messages.topics import CAMERA_STATUS
from shared.settings import load_settings


@click.group()
def camera() -> None:
    """Add, list, remove, enable, disable and probe cameras.

    Example: argus camera add --url rtsp://user:password@192.168.1.20/stream1
    """


@camera.command()
@click.option("--url", required=True, help="rtsp://, rtsps://, rtmp://, http(s):// or file:///…")
@click.option("--name", help="What people call it [its id].")
@click.option("--id", "slug", help="Its unique id [the next cam_NNN].")
@click.option("--user", "username", help="Whose camera it is [the first administrator].")
@click.option("--disabled", is_flag=True, help="Store it without watching it yet.")
def add(url: str, name: str | None, slug: str | None, username: str | None, *, disabled: bool) -> None:
    """Add a camera; a running Argus watches it at once.

    Example: argus camera add --url rtsp://user:password@192.168.1.20/stream1 --name "Front door"
    """
    installation = open_installation()
    with installation.session() as session:
        new = NewCamera(name=name or slug or "Camera", url=url, slug=slug, enabled=not disabled)
        row = add_camera(session, new, account_id=_owner(session, username), rules=rules_of(installation), now=now())
        row.name = name or row.slug
        slug, masked = row.slug, row.url_masked
        record(session, ACTOR, action="camera.add", target=slug, now=now())
    installation.tell(SyncCamera(camera=slug))
    click.echo(f"added {slug} ({masked})")


@camera.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(*, as_json: bool) -> None:
    """Show all cameras and how they are.

    Example: argus camera list --json
    """
    installation = open_installation()
    with installation.session() as session:
        cameras = list(reversed(list_cameras(session)))
    statuses = _statuses(installation, [row.slug for row in cameras])
    rows = [
        {
            "id": row.slug,
            "name": row.name,
            "url": row.url_masked,
            "enabled": row.enabled,
            **statuses.get(row.slug, {"state": "unknown" if row.enabled else "disabled"}),
        }
        for row in cameras
    ]
    columns = ["id", "name", "state", "fault", "fps", "url"]
    show(rows, columns=columns, as_json=as_json, empty="no cameras yet: argus camera add --url rtsp://…")


@camera.command()
@click.argument("slug", metavar="ID")
def remove(slug: str) -> None:
    """Remove a camera; its events stay.

    Example: argus camera remove cam_001
    """
    installation = open_installation()
    with installation.session() as session:
        remove_camera(session, camera_named(session, slug))
        record(session, ACTOR, action="camera.remove", target=slug, now=now())
    installation.tell(SyncCamera(camera=slug))
    click.echo(f"removed {slug}")


@camera.command()
@click.argument("slug", metavar="ID")
def enable(slug: str) -> None:
    """Watch a camera again.

    Example: argus camera enable cam_001
    """
    _switch(slug, enabled=True)


@camera.command()
@click.argument("slug", metavar="ID")
def disable(slug: str) -> None:
    """Stop watching a camera and keep it.

    Example: argus camera disable cam_001
    """
    _switch(slug, enabled=False)


@camera.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(1, 120), default=15.0, show_default=True)
@click.pass_context
def probe(ctx: click.Context, url: str, *, as_json: bool, timeout_s: float) -> None:
    """Open a camera once and say what it sends, or why not (exit 1). Takes a URL or the id of a stored camera.

    Example: argus camera probe rtsp://user:password@192.168.1.20/stream1
    """
    load_settings()  # a wrong one is told as such, not as the camera's fault
    found = probe_url(_address(url), timeout_s=timeout_s)
    click.echo(json.dumps(found.report, indent=2) if as_json else _line(found))
    if not found.ok:
        ctx.exit(1)


def rules_of(installation: Installation) -> CameraRules:
    """What validation of a camera's address needs to know."""
    return CameraRules(file_roots=installation.settings.file_roots, box=installation.box)


def _address(text: str) -> str:
    if "://" in text:
        return text
    installation = open_installation()
    with installation.session() as session:
        return installation.box.open(camera_named(session, text).url_encrypted)


def _line(found: Probed) -> str:
    return f"ok: {found.detail}" if found.ok else f"failed: {found.detail}"


def _switch(slug: str, *, enabled: bool) -> None:
    installation = open_installation()
    with installation.session() as session:
        row = camera_named(session, slug)
        change_camera(session, row, CameraChange(enabled=enabled), rules=rules_of(installation), now=now())
        record(session, ACTOR, action="camera.enable" if enabled else "camera.disable", target=slug, now=now())
    installation.tell(SyncCamera(camera=slug))
    click.echo(f"{'enabled' if enabled else 'disabled'} {slug}")


def _owner(session: Session, username: str | None) -> int:
    if username:
        return account_named(session, username).id
    admin = select(Account.id).where(Account.role == Role.ADMIN).order_by(Account.id).limit(1)
    found = session.scalar(admin)
    if found is None:
        remedy = "argus user add NAME --role admin (or start 'argus up' once)"
        raise UserError("--user", "there is no administrator to own the camera yet", remedy=remedy)
    return found


def _statuses(installation: Installation, slugs: list[str]) -> Mapping[str, dict[str, str]]:
    redis = installation.redis()
    if redis is None:
        return {}
    try:
        current = {slug: status_fields(status) for slug, status in read_statuses(redis, slugs).items()}
        found = {slug: {**_status(redis, slug), **_now(fields)} for slug, fields in current.items()}
    except RedisError:
        return {}
    finally:
        redis.close()
    return {slug: status for slug, status in found.items() if status}


def _now(fields: dict[str, str]) -> dict[str, str]:
    """What is different when nobody watches the camera any more."""
    return {name: fields[name] for name in ("state", "fault", "detail", "fps")}


def _status(redis: Any, slug: str) -> dict[str, str]:
    raw = redis.hgetall(CAMERA_STATUS.format(slug=slug))
    return {name.decode(): value.decode(errors="replace") for name, value in raw.items()}
