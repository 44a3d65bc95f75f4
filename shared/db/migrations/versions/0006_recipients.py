"""Recipients, acknowledged and amended alerts, and digests"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table('recipients',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('address', sa.JSON(), nullable=False),
    sa.Column('secret_encrypted', sa.Text(), nullable=True),
    sa.Column('notification_types', sa.JSON(), nullable=False),
    sa.Column('cameras', sa.JSON(), nullable=False),
    sa.Column('rules', sa.JSON(), nullable=False),
    sa.Column('min_severity', sa.Integer(), nullable=False),
    sa.Column('urgent_severity', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('quiet', sa.JSON(), nullable=True),
    sa.Column('cooldown_s', sa.Double(), nullable=False),
    sa.Column('after_s', sa.Double(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('verified_at', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('muted_until', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('cooling_until', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_told_at', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_recipients_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipients'))
    )
    op.create_index(op.f('ix_recipients_account_id'), 'recipients', ['account_id'], unique=False)
    op.create_index('ix_recipients_channel_account_id', 'recipients', ['channel', 'account_id'], unique=False)
    with op.batch_alter_table('alerts') as alerts:
        alerts.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        alerts.add_column(sa.Column('acknowledged_at', shared.db.base.UtcDateTime(timezone=True), nullable=True))
        alerts.add_column(sa.Column('acknowledged_by', sa.String(length=200), nullable=True))
    with op.batch_alter_table('deliveries') as deliveries:
        deliveries.add_column(sa.Column('purpose', sa.String(length=16), nullable=False, server_default='notice'))
        deliveries.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        deliveries.add_column(sa.Column('digest_id', sa.String(length=36), nullable=True))
        deliveries.drop_constraint(op.f('uq_deliveries_alert_id_channel_recipient'), type_='unique')
        deliveries.create_unique_constraint(
            op.f('uq_deliveries_alert_id_channel_recipient_revision'), ['alert_id', 'channel', 'recipient', 'revision']
        )
        deliveries.create_index(op.f('ix_deliveries_digest_id'), ['digest_id'], unique=False)
    # The default was for the rows that were there.
    for table in ('alerts', 'deliveries'):
        with op.batch_alter_table(table) as altered:
            altered.alter_column('revision', server_default=None)
            if table == 'deliveries':
                altered.alter_column('purpose', server_default=None)
    op.create_table('judgements',
    sa.Column('event_uuid', sa.String(length=36), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('ai_response', sa.Text(), nullable=False),
    sa.Column('threat_level', sa.Integer(), nullable=True),
    sa.Column('at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('stored_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('event_uuid', name=op.f('pk_judgements'))
    )
    op.create_index(op.f('ix_judgements_stored_at'), 'judgements', ['stored_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_judgements_stored_at'), table_name='judgements')
    op.drop_table('judgements')
    op.execute("DELETE FROM deliveries WHERE purpose IN ('amendment', 'digest') OR state IN ('held', 'cancelled')")
    with op.batch_alter_table('deliveries') as deliveries:
        deliveries.drop_index(op.f('ix_deliveries_digest_id'))
        deliveries.drop_constraint(op.f('uq_deliveries_alert_id_channel_recipient_revision'), type_='unique')
        deliveries.create_unique_constraint(
            op.f('uq_deliveries_alert_id_channel_recipient'), ['alert_id', 'channel', 'recipient']
        )
        deliveries.drop_column('digest_id')
        deliveries.drop_column('purpose')
        deliveries.drop_column('revision')
    with op.batch_alter_table('alerts') as alerts:
        alerts.drop_column('acknowledged_by')
        alerts.drop_column('acknowledged_at')
        alerts.drop_column('revision')
    op.drop_index('ix_recipients_channel_account_id', table_name='recipients')
    op.drop_index(op.f('ix_recipients_account_id'), table_name='recipients')
    op.drop_table('recipients')
