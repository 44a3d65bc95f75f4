"""What rules made of presences, and for what a cooldown counts"""

from alembic import op
import sqlalchemy as sa

import shared.db.base


revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.create_table(
        'decisions',
        sa.Column('presence_id', sa.String(length=36), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=True),
        sa.Column('camera_slug', sa.String(length=64), nullable=False),
        sa.Column('label', sa.String(length=64), nullable=False),
        sa.Column('started_at', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('ended_at', shared.db.base.UtcDateTime(), nullable=True),
        sa.Column('noted_at', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('is_told', sa.Boolean(), nullable=False),
        sa.Column('state', sa.JSON(), nullable=False),
        sa.Column('decisions', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('presence_id', name=op.f('pk_decisions')),
    )
    op.create_index('ix_decisions_camera_slug_started_at', 'decisions', ['camera_slug', 'started_at', 'presence_id'])
    op.create_index('ix_decisions_noted_at', 'decisions', ['noted_at'])
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('cooldown_per', sa.String(length=8), nullable=False, server_default='camera'))
    # The default was for the rows that were there.
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('cooldown_per', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('cooldown_per')
    op.drop_table('decisions')
