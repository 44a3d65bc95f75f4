"""Accounts with a stable uuid and an address, and their logins; when zones were drawn"""

import uuid

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0012'
down_revision = '0011'


def upgrade() -> None:
    with op.batch_alter_table('accounts') as accounts:
        accounts.add_column(sa.Column('uuid', sa.String(length=36), nullable=True))
        accounts.add_column(sa.Column('email', sa.String(length=254), nullable=True))
    _give_uuids()
    with op.batch_alter_table('accounts') as accounts:
        accounts.alter_column('uuid', existing_type=sa.String(length=36), nullable=False)
        accounts.create_unique_constraint(op.f('uq_accounts_uuid'), ['uuid'])
    with op.batch_alter_table('zones') as zones:
        zones.add_column(sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=True))
    # Nobody noted when the zones that are there were drawn: not later than their camera was last changed.
    op.execute(
        'UPDATE zones SET created_at = (SELECT cameras.updated_at FROM cameras WHERE cameras.id = zones.camera_id)'
    )
    with op.batch_alter_table('zones') as zones:
        zones.alter_column(
            'created_at', existing_type=shared.db.base.UtcDateTime(timezone=True), nullable=False
        )
    op.create_table('login_sessions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('refresh_hash', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', shared.db.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_login_sessions_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_sessions'))
    )
    op.create_index(op.f('ix_login_sessions_account_id'), 'login_sessions', ['account_id'], unique=False)
    op.create_index(op.f('ix_login_sessions_expires_at'), 'login_sessions', ['expires_at'], unique=False)


def _give_uuids() -> None:
    accounts = sa.table('accounts', sa.column('id', sa.Integer), sa.column('uuid', sa.String))
    connection = op.get_bind()
    for row in connection.execute(sa.select(accounts.c.id)).all():
        connection.execute(
            accounts.update().where(accounts.c.id == row.id).values(uuid=str(uuid.uuid4()))
        )


def downgrade() -> None:
    op.drop_index(op.f('ix_login_sessions_expires_at'), table_name='login_sessions')
    op.drop_index(op.f('ix_login_sessions_account_id'), table_name='login_sessions')
    op.drop_table('login_sessions')
    with op.batch_alter_table('zones') as zones:
        zones.drop_column('created_at')
    with op.batch_alter_table('accounts') as accounts:
        accounts.drop_constraint(op.f('uq_accounts_uuid'), type_='unique')
        accounts.drop_column('email')
        accounts.drop_column('uuid')
