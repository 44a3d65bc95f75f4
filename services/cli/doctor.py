"""`argus doctor`: is everything there that Argus needs?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from services.cli import checks
from services.cli.check import Check, State, fail, ok, warn
from services.cli.folders import Folders
from services.cli.installation import Installation, at
from services.cli.media_check import stored_media
from services.cli.probing import probe_url
from shared.cameras.registry import list_cameras
from shared.db.engine import connect
from shared.domain.errors import UserError
from shared.settings import Settings, load_settings

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}
_AT_ONCE = 4
_CAMERA_TIMEOUT_S = 12.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@click.option("--no-cameras", is_flag=True, help="Leave the cameras alone.")
@click.option("--media", is_flag=True, help="Look through all stored pictures too; takes a while.")
@click.option("--fix", is_flag=True, help="With --media: delete pictures that nothing refers to.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, no_cameras: bool, media: bool, fix: bool) -> None:
    """Check everything Argus needs, and say what to do. Exits 1 on a failure; without --fix it changes nothing.

    Example: argus doctor --media
    """
    if fix and not media:
        raise UserError("--fix", "is about stored pictures only", remedy="argus doctor --media --fix")
    settings = load_settings()
    folders = Folders(settings.data_dir.expanduser().resolve())
    settings = at(settings, folders)
    found = [look() for look in _looks(settings, folders)]
    if not no_cameras and _has_database(settings) and all(c.state is not State.FAIL for c in found[:5]):
        found += list(_cameras(settings, folders, quiet=as_json))
    if media and _has_database(settings):
        found.append(stored_media(settings, folders, fix=fix))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], indent=2, ensure_ascii=False))
    else:
        _print(found)
    if any(check.state is State.FAIL for check in found):
        ctx.exit(1)


def _looks(settings: Settings, folders: Folders) -> Sequence[Callable[[], Check]]:
    return (
        lambda: checks.data_dir(folders),
        lambda: checks.disk(folders),
        lambda: checks.secret_key(settings, folders),
        lambda: checks.redis(settings, folders),
        lambda: checks.database(settings),
        lambda: checks.eye(settings),
        checks.gpu,
        lambda: checks.ports(settings, folders),
        lambda: checks.judge(settings),
        lambda: checks.services(settings, folders),
        lambda: checks.modules(settings, folders),
    )


def _has_database(settings: Settings) -> bool:
    url = settings.effective_database_url
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def _cameras(settings: Settings, folders: Folders, *, quiet: bool) -> Iterator[Check]:
    installation = Installation(settings, folders, connect(settings.effective_database_url))
    try:
        with installation.session() as session:
            cameras = [(row.slug, row.url_masked, row.url_encrypted, row.enabled) for row in list_cameras(session)]
        box = installation.box
    except Exception as error:  # noqa: BLE001 – a database without tables yet, among others: the others were told
        yield warn("cameras", f"cannot be listed: {type(error).__name__}", remedy="argus db upgrade")
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = [pool.submit(_camera, *row, opened=box.open) for row in reversed(cameras)]
        screen = Console(stderr=True)
        for future in track(asked, "cameras", console=screen, transient=True, disable=quiet or not screen.is_terminal):
            yield future.result()


def _camera(slug: str, masked: str, sealed: str, enabled: bool, *, opened: Callable[[str], str]) -> Check:  # noqa: FBT001
    name = f"camera {slug}"
    if not enabled:
        return ok(name, "disabled")
    try:
        url = opened(sealed)
    except UserError as error:
        return fail(name, error.reason, remedy=error.remedy)
    probed = probe_url(url, timeout_s=_CAMERA_TIMEOUT_S)
    if probed.ok:
        return ok(name, probed.detail)
    return fail(name, f"{masked}: {probed.detail}", remedy="check its address, credentials and network")


def _print(found: Sequence[Check]) -> None:
    table = Table("what", "", "how it is", "what to do", box=None, pad_edge=False)
    for check in found:
        table.add_row(
            check.name, Text(check.state, style=_COLOURS[check.state]), Text(check.detail), Text(check.remedy)
        )
    Console().print(table)
    bad = sum(check.state is State.FAIL for check in found)
    click.echo(f"{bad} failed" if bad else "nothing failed")
