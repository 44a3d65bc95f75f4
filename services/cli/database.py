"""`argus db`: the schema."""

from __future__ import annotations

import click

from services.cli.folders import prepare
from services.cli.installation import at
from shared.db.engine import connect
from shared.db.migrate import upgrade as upgrade_schema
from shared.settings import load_settings


@click.group()
def db() -> None:
    """Look after the database.

    Example: argus db upgrade
    """


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema ('argus up' does so by itself).

    Example: argus db upgrade
    """
    settings = load_settings()
    engine = connect(at(settings, prepare(settings.data_dir)).effective_database_url)
    try:
        revision = upgrade_schema(engine)
    finally:
        engine.dispose()
    click.echo(f"the database is at schema {revision}")
