"""Numbers of cameras, zones, recipients and webhooks never come again, on SQLite either"""

from alembic import op
import sqlalchemy as sa


revision = '0018'
down_revision = '0017'

_INDEXES = sa.text(
    "SELECT name, sql FROM sqlite_master"
    " WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL ORDER BY rowid"
)


def upgrade() -> None:
    _made_anew(autoincrement=True)


def downgrade() -> None:
    _made_anew(autoincrement=False)


def _made_anew(*, autoincrement: bool) -> None:
    connection = op.get_bind()
    # Elsewhere a sequence counts, which never goes back; SQLite keeps such a count only for tables made with it.
    if connection.dialect.name != 'sqlite':
        return
    for table in ('cameras', 'zones', 'recipients', 'webhooks'):
        # Of two indexes that serve equally well SQLite takes the one made last: they are made anew in their order.
        indexes = connection.execute(_INDEXES, {'table': table}).all()
        for name, _ in indexes:
            op.drop_index(name)
        with op.batch_alter_table(
            table, recreate='always', table_kwargs={'sqlite_autoincrement': autoincrement}
        ):
            pass
        for _, statement in indexes:
            op.execute(statement)
