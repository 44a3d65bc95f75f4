"""What was done of rules' sequences"""

from alembic import op
import sqlalchemy as sa

import shared.db.base


revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    op.create_table(
        'sequence_hits',
        sa.Column('rule_slug', sa.String(length=64), nullable=False),
        sa.Column('sequence', sa.String(length=16), nullable=False),
        sa.Column('step', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('presence_id', sa.String(length=36), nullable=False),
        sa.Column('camera_slug', sa.String(length=64), nullable=False),
        sa.Column('began_at', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('until', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('body', sa.Text(), nullable=True),
        sa.Column('settled', sa.Boolean(), nullable=False),
        sa.Column('ended_at', shared.db.base.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint('rule_slug', 'sequence', 'step', 'presence_id', name=op.f('pk_sequence_hits')),
    )
    op.create_index('ix_sequence_hits_step', 'sequence_hits', ['rule_slug', 'sequence', 'step', 'began_at'])
    op.create_index('ix_sequence_hits_until', 'sequence_hits', ['until'])


def downgrade() -> None:
    op.drop_table('sequence_hits')
