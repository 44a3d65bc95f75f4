"""Which rules stand in the configuration"""

from alembic import op
import sqlalchemy as sa


revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('origin', sa.String(length=16), nullable=False, server_default='api'))
    # The default was for the rows that were there.
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('origin', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('origin')
