"""Which events were read, and which were put away"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    with op.batch_alter_table('events') as events:
        events.add_column(sa.Column('read_at', shared.db.base.UtcDateTime(timezone=True), nullable=True))
        events.add_column(sa.Column('dismissed_at', shared.db.base.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('events') as events:
        events.drop_column('dismissed_at')
        events.drop_column('read_at')
