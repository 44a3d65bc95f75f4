"""What the judge said of each event of an incident"""

from alembic import op
import sqlalchemy as sa

import shared.db.base


revision = '0016'
down_revision = '0015'


def upgrade() -> None:
    with op.batch_alter_table('incident_tellings') as tellings:
        tellings.add_column(sa.Column('verdict', sa.String(length=16), nullable=True))
        tellings.add_column(sa.Column('ai_response', sa.Text(), nullable=True))
        tellings.add_column(sa.Column('threat_level', sa.Integer(), nullable=True))
        tellings.add_column(sa.Column('judged_at', shared.db.base.UtcDateTime(), nullable=True))
    # An incident that goes on meanwhile keeps what is known of it.
    op.execute(
        'UPDATE incident_tellings SET'
        ' verdict = (SELECT events.verdict FROM events WHERE events.uuid = incident_tellings.event_uuid),'
        ' ai_response = (SELECT events.ai_response FROM events WHERE events.uuid = incident_tellings.event_uuid),'
        ' threat_level = (SELECT verdicts.threat_level FROM verdicts JOIN events ON events.id = verdicts.event_id'
        ' WHERE events.uuid = incident_tellings.event_uuid)'
    )


def downgrade() -> None:
    with op.batch_alter_table('incident_tellings') as tellings:
        for name in ('judged_at', 'threat_level', 'ai_response', 'verdict'):
            tellings.drop_column(name)
