"""In which state accounts are armed, and in which of them rules are awake"""

from alembic import op
import sqlalchemy as sa


revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    with op.batch_alter_table('accounts') as accounts:
        accounts.add_column(sa.Column('arm', sa.String(length=16), nullable=False, server_default='away'))
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('armed', sa.JSON(), nullable=False, server_default='[]'))
    # The defaults were for the rows that were there.
    with op.batch_alter_table('accounts') as accounts:
        accounts.alter_column('arm', server_default=None)
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('armed', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('armed')
    with op.batch_alter_table('accounts') as accounts:
        accounts.drop_column('arm')
