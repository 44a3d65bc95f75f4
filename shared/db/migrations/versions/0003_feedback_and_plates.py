"""Feedback on events, and lists of number plates"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('feedback',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('author', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.Column('at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_feedback_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_feedback_event_id_events'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback'))
    )
    op.create_index(op.f('ix_feedback_account_id'), 'feedback', ['account_id'], unique=False)
    op.create_index(op.f('ix_feedback_event_id'), 'feedback', ['event_id'], unique=False)
    op.create_table('listed_plates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('plate', sa.String(length=32), nullable=False),
    sa.Column('compact', sa.String(length=32), nullable=False),
    sa.Column('listing', sa.String(length=8), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('expires_at', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_listed_plates_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_listed_plates')),
    sa.UniqueConstraint('account_id', 'compact', name=op.f('uq_listed_plates_account_id_compact'))
    )
    op.create_index('ix_listed_plates_compact', 'listed_plates', ['compact'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_listed_plates_compact', table_name='listed_plates')
    op.drop_table('listed_plates')
    op.drop_index(op.f('ix_feedback_event_id'), table_name='feedback')
    op.drop_index(op.f('ix_feedback_account_id'), table_name='feedback')
    op.drop_table('feedback')
