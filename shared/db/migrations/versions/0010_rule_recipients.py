"""Whom a rule wants told by name"""

from alembic import op
import sqlalchemy as sa


revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('recipients', sa.JSON(), nullable=False, server_default='[]'))
    # The default was for the rows that were there.
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('recipients', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('recipients')
