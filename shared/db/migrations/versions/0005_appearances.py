"""What bodies and faces looked like"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.create_table('appearances',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('camera_slug', sa.String(length=64), nullable=False),
    sa.Column('presence_id', sa.String(length=36), nullable=True),
    sa.Column('event_uuid', sa.String(length=36), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('model', sa.String(length=80), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.Column('quality', sa.Double(), nullable=True),
    sa.Column('at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_appearances_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appearances')),
    sa.UniqueConstraint('job_id', 'kind', 'model', name=op.f('uq_appearances_job_id_kind_model'))
    )
    op.create_index('ix_appearances_account_id_model_at', 'appearances', ['account_id', 'model', 'at'], unique=False)
    op.create_index(op.f('ix_appearances_at'), 'appearances', ['at'], unique=False)
    op.create_index(op.f('ix_appearances_camera_slug'), 'appearances', ['camera_slug'], unique=False)
    op.create_index(op.f('ix_appearances_event_uuid'), 'appearances', ['event_uuid'], unique=False)
    op.create_index(op.f('ix_appearances_presence_id'), 'appearances', ['presence_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_appearances_presence_id'), table_name='appearances')
    op.drop_index(op.f('ix_appearances_event_uuid'), table_name='appearances')
    op.drop_index(op.f('ix_appearances_camera_slug'), table_name='appearances')
    op.drop_index(op.f('ix_appearances_at'), table_name='appearances')
    op.drop_index('ix_appearances_account_id_model_at', table_name='appearances')
    op.drop_table('appearances')
