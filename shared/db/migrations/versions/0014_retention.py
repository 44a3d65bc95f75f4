"""Whose recognitions are and since when they are stored, and which events are under legal hold"""

from alembic import op
import sqlalchemy as sa

import shared.db.base


revision = '0014'
down_revision = '0013'

_OWNER = (
    "UPDATE recognitions SET account_id = COALESCE("
    "(SELECT events.account_id FROM events WHERE events.id = recognitions.event_id), "
    "(SELECT cameras.account_id FROM cameras WHERE cameras.slug = recognitions.camera_slug))"
)


def upgrade() -> None:
    # The defaults stay: to take them away again SQLite would copy every event there is.
    op.add_column('events', sa.Column('legal_hold', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('recognitions', sa.Column('account_id', sa.Integer(), nullable=True))
    op.add_column('recognitions', sa.Column('stored_at', shared.db.base.UtcDateTime(), nullable=True))
    op.execute(_OWNER)
    op.execute("UPDATE recognitions SET stored_at = at")
    with op.batch_alter_table('recognitions') as recognitions:
        recognitions.alter_column('stored_at', nullable=False)
    op.create_index('ix_recognitions_at_id', 'recognitions', ['at', 'id'])
    op.create_index('ix_recognitions_account_id_at_id', 'recognitions', ['account_id', 'at', 'id'])
    op.create_index('ix_recognitions_account_id_kind_at_id', 'recognitions', ['account_id', 'kind', 'at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_recognitions_account_id_kind_at_id', 'recognitions')
    op.drop_index('ix_recognitions_account_id_at_id', 'recognitions')
    op.drop_index('ix_recognitions_at_id', 'recognitions')
    with op.batch_alter_table('recognitions') as recognitions:
        recognitions.drop_column('stored_at')
        recognitions.drop_column('account_id')
    with op.batch_alter_table('events') as events:
        events.drop_column('legal_hold')
