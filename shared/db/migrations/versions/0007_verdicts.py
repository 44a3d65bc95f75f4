"""Cases before the judge, its verdicts, its deadline by rule and its language by account"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.create_table('cases',
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('opened_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('withheld', sa.Text(), nullable=True),
    sa.Column('told', sa.Boolean(), nullable=False),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lease_until', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('trouble', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_cases_event_id_events'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_cases'))
    )
    op.create_index(op.f('ix_cases_due_at'), 'cases', ['due_at'], unique=False)
    op.create_table('verdicts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('threat_level', sa.Integer(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('outcome', sa.String(length=32), nullable=False),
    sa.Column('in_time', sa.Boolean(), nullable=False),
    sa.Column('model', sa.String(length=128), nullable=True),
    sa.Column('prompt_version', sa.String(length=32), nullable=True),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_verdicts_event_id_events'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verdicts')),
    sa.UniqueConstraint('event_id', name=op.f('uq_verdicts_event_id'))
    )
    op.create_index(op.f('ix_verdicts_at'), 'verdicts', ['at'], unique=False)
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('judge_deadline_s', sa.Double(), nullable=False, server_default='4'))
    # The default was for the rows that were there.
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('judge_deadline_s', server_default=None)
    with op.batch_alter_table('accounts') as accounts:
        accounts.add_column(sa.Column('language', sa.String(length=8), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('accounts') as accounts:
        accounts.drop_column('language')
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('judge_deadline_s')
    op.drop_index(op.f('ix_verdicts_at'), table_name='verdicts')
    op.drop_table('verdicts')
    op.drop_index(op.f('ix_cases_due_at'), table_name='cases')
    op.drop_table('cases')
