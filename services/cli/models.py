"""`argus models`: which weights exist, bring them here, check them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from services.cli.main import say_error
from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.settings import Settings, load_settings
from shared.weights.condition import Condition
from shared.weights.entry import Weights
from shared.weights.pull import PullLimits
from shared.weights.store import WeightsStore, open_store

MIB = 2**20


@click.group()
def models() -> None:
    """List, pull and verify model weights.

    Example: argus models pull --default
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@click.pass_context
def list_models(ctx: click.Context, *, as_json: bool) -> None:
    """Show all known weights and whether they are here.

    Example: argus models list --json
    """
    store = _store(ctx)
    rows = [(weights, store.verify(weights.name)) for weights in store.registry]
    if as_json:
        click.echo(json.dumps([{**asdict(weights), "state": state} for weights, state in rows], indent=2))
        return
    table = Table("name", "task", "MiB", "licence", "state", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for weights, state in rows:
        name = f"{weights.name} *" if weights.default else weights.name
        licence = weights.licence if weights.commercial_ok else f"{weights.licence}, non-commercial"
        table.add_row(name, weights.task, f"{weights.bytes / MIB:.2f}", licence, state)
    Console().print(table)
    click.echo("* pulled by default")


@models.command()
@click.argument("names", nargs=-1)
@click.option("--default", "default", is_flag=True, help="The weights a new installation uses (as with no NAME).")
@click.option("--all", "everything", is_flag=True, help="All weights that have a source.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0.1), help="Seconds one file may take. No limit if unset."
)
@click.pass_context
def pull(
    ctx: click.Context, names: tuple[str, ...], *, default: bool, everything: bool, timeout_s: float | None
) -> None:
    """Bring weights here: resumed, checked, and from ARGUS_MODELS_MIRROR when it is set.

    Exits 2 when one of them could not be brought.

    Example: argus models pull yolox_s yunet
    """
    if sum((bool(names), default, everything)) > 1:
        raise click.UsageError("give names, or --default, or --all")
    store = _store(ctx)
    chosen = _named(store, names) or store.registry.defaults()
    if everything:
        chosen = tuple(weights for weights in store.registry if _has_source(store, weights))
    if not _pull_each(store, chosen, _limits(timeout_s)):
        ctx.exit(USER_ERROR_STATUS)


@models.command()
@click.argument("names", nargs=-1)
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Check the size and checksum of the weights that are here, or of those named.

    Exits 1 when one is damaged, or when one that was named is missing.

    Example: argus models verify yolox_nano
    """
    store = _store(ctx)
    states = {weights.name: store.verify(weights.name) for weights in _named(store, names) or store.registry}
    shown = {name: state for name, state in states.items() if names or state is not Condition.MISSING}
    for name, state in shown.items():
        click.echo(f"{name}: {state}")
    bad = [name for name, state in shown.items() if state is not Condition.OK]
    if bad:
        say_error(f"not usable: {', '.join(bad)} – run 'argus models pull {' '.join(bad)}'")
        ctx.exit(1)
    if not shown:
        click.echo(f"no weights in {store.folder} – run 'argus models pull --default'")


def _store(ctx: click.Context) -> WeightsStore:
    """The store of this command; the only place here that knows where settings come from."""
    return open_store(ctx.find_object(Settings) or load_settings())


def _named(store: WeightsStore, names: Iterable[str]) -> tuple[Weights, ...]:
    return tuple(store.registry[name] for name in dict.fromkeys(names))


def _has_source(store: WeightsStore, weights: Weights) -> bool:
    found = bool(weights.url or store.mirror)
    if not found:
        click.echo(f"{weights.name}: skipped, it has no public download (set ARGUS_MODELS_MIRROR)")
    return found


def _limits(timeout_s: float | None) -> PullLimits:
    if timeout_s is None:
        return PullLimits()
    # A silent connection is noticed by its stall: kept short, so that the total holds.
    return PullLimits(
        total_s=timeout_s, connect_s=min(5.0, timeout_s / 2), stall_s=min(30.0, timeout_s / 2), attempts=2
    )


def _pull_each(store: WeightsStore, chosen: Iterable[Weights], limits: PullLimits) -> bool:
    """Pull all of them whatever becomes of one; True when none failed."""
    errors = []
    screen = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        for weights in chosen:
            try:
                path = store.pull(weights.name, progress=_bar(bars, weights), limits=limits)
            except UserError as error:
                errors.append(error)
            else:
                line = f"{weights.name}: ok, {path} ({weights.licence})"
                screen.print(line, soft_wrap=True, markup=False, highlight=False)
    for failure in errors:
        say_error(str(failure))
    return not errors


def _bar(bars: Progress, weights: Weights) -> Callable[[int, int], None]:
    task = bars.add_task(weights.name, total=weights.bytes)
    return lambda done_bytes, total_bytes: bars.update(task, completed=done_bytes, total=total_bytes)
