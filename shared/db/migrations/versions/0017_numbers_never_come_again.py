"""Numbers of events and recognitions never come again, on SQLite either"""

from alembic import op


revision = '0017'
down_revision = '0016'


def upgrade() -> None:
    _made_anew(autoincrement=True)


def downgrade() -> None:
    _made_anew(autoincrement=False)


def _made_anew(*, autoincrement: bool) -> None:
    # Elsewhere a sequence counts, which never goes back; SQLite keeps such a count only for tables made with it.
    if op.get_bind().dialect.name != 'sqlite':
        return
    for table in ('events', 'recognitions'):
        with op.batch_alter_table(
            table, recreate='always', table_kwargs={'sqlite_autoincrement': autoincrement}
        ):
            pass
