"""People, and the faces they are known by"""

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table('people',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_people_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people'))
    )
    op.create_index('ix_people_account_id_name', 'people', ['account_id', 'name'], unique=False)
    op.create_table('face_samples',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('crop', sa.String(length=255), nullable=False),
    sa.Column('recogniser', sa.String(length=80), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.Column('quality', sa.Double(), nullable=False),
    sa.Column('bbox', sa.JSON(), nullable=False),
    sa.Column('landmarks', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('label', sa.String(length=128), nullable=True),
    sa.Column('camera_slug', sa.String(length=64), nullable=True),
    sa.Column('presence_id', sa.String(length=36), nullable=True),
    sa.Column('taken_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('created_at', shared.db.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_face_samples_account_id_accounts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_face_samples_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_face_samples')),
    sa.UniqueConstraint('crop', name=op.f('uq_face_samples_crop'))
    )
    op.create_index('ix_face_samples_account_id_taken_at_id', 'face_samples', ['account_id', 'taken_at', 'id'], unique=False)
    op.create_index(op.f('ix_face_samples_camera_slug'), 'face_samples', ['camera_slug'], unique=False)
    op.create_index(op.f('ix_face_samples_person_id'), 'face_samples', ['person_id'], unique=False)
    op.create_index(op.f('ix_face_samples_presence_id'), 'face_samples', ['presence_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_face_samples_presence_id'), table_name='face_samples')
    op.drop_index(op.f('ix_face_samples_person_id'), table_name='face_samples')
    op.drop_index(op.f('ix_face_samples_camera_slug'), table_name='face_samples')
    op.drop_index('ix_face_samples_account_id_taken_at_id', table_name='face_samples')
    op.drop_table('face_samples')
    op.drop_index('ix_people_account_id_name', table_name='people')
    op.drop_table('people')
