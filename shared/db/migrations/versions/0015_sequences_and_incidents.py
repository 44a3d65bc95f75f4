"""What was done of rules' sequences, and which events belong together"""

from alembic import op
import sqlalchemy as sa

import shared.db.base


revision = '0015'
down_revision = '0014'


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
    op.create_table(
        'incidents',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=True),
        sa.Column('rule_slug', sa.String(length=64), nullable=False),
        sa.Column('camera_slug', sa.String(length=64), nullable=False),
        sa.Column('began_at', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('last_at', shared.db.base.UtcDateTime(), nullable=False),
        sa.Column('events', sa.Integer(), nullable=False),
        sa.Column('severity', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents')),
    )
    op.create_index('ix_incidents_account_id_last_at_id', 'incidents', ['account_id', 'last_at', 'id'])
    op.create_table(
        'incident_slots',
        sa.Column('rule_slug', sa.String(length=64), nullable=False),
        sa.Column('place', sa.String(length=80), nullable=False),
        sa.Column('incident_id', sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint('rule_slug', 'place', name=op.f('pk_incident_slots')),
    )
    op.create_table(
        'incident_alerts',
        sa.Column('incident_id', sa.String(length=36), nullable=False),
        sa.Column('alert_id', sa.String(length=36), nullable=False),
        sa.Column('severity', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('incident_id', name=op.f('pk_incident_alerts')),
    )
    op.create_table(
        'incident_tellings',
        sa.Column('event_uuid', sa.String(length=36), nullable=False),
        sa.Column('incident_id', sa.String(length=36), nullable=False),
        sa.Column('alert_id', sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incident_alerts.incident_id'],
                                name=op.f('fk_incident_tellings_incident_id_incident_alerts'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('event_uuid', name=op.f('pk_incident_tellings')),
    )
    op.create_index(op.f('ix_incident_tellings_incident_id'), 'incident_tellings', ['incident_id'])
    with op.batch_alter_table('events') as events:
        events.add_column(sa.Column('incident_id', sa.String(length=36), nullable=True))
        events.create_index(op.f('ix_events_incident_id'), ['incident_id'])
    with op.batch_alter_table('rules') as rules:
        rules.add_column(sa.Column('incident_window_s', sa.Double(), nullable=False, server_default='0'))
        rules.add_column(sa.Column('incident_per', sa.String(length=8), nullable=False, server_default='rule'))
    # The defaults were for the rows that were there.
    with op.batch_alter_table('rules') as rules:
        rules.alter_column('incident_window_s', server_default=None)
        rules.alter_column('incident_per', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('rules') as rules:
        rules.drop_column('incident_per')
        rules.drop_column('incident_window_s')
    with op.batch_alter_table('events') as events:
        events.drop_index(op.f('ix_events_incident_id'))
        events.drop_column('incident_id')
    op.drop_table('incident_tellings')
    op.drop_table('incident_alerts')
    op.drop_table('incident_slots')
    op.drop_table('incidents')
    op.drop_table('sequence_hits')
