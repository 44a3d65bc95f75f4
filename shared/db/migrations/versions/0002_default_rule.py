"""A person anywhere: the rule a new installation starts with

Inserted by the migration, and only into a database without rules, so that one deleted by a person stays deleted.
"""

from datetime import UTC, datetime

from alembic import op
import sqlalchemy as sa
import shared.db.base


revision = '0002'
down_revision = '0001'

_rules = sa.table(
    'rules',
    sa.column('slug', sa.String),
    sa.column('name', sa.String),
    sa.column('enabled', sa.Boolean),
    sa.column('condition', sa.JSON),
    sa.column('cooldown_s', sa.Float),
    sa.column('severity', sa.Integer),
    sa.column('modules', sa.JSON),
    sa.column('judge', sa.Boolean),
    sa.column('channels', sa.JSON),
    sa.column('created_at', shared.db.base.UtcDateTime),
    sa.column('updated_at', shared.db.base.UtcDateTime),
)


def upgrade() -> None:
    if op.get_bind().scalar(sa.select(sa.func.count()).select_from(_rules)):
        return
    now = datetime.now(UTC)
    op.bulk_insert(_rules, [{
        'slug': 'rule_001',
        'name': 'A person anywhere',
        'enabled': True,
        'condition': {'labels': ['person'], 'min_confidence': 0.4},
        'cooldown_s': 0.0,
        'severity': 1,
        'modules': [],
        'judge': False,
        'channels': [],
        'created_at': now,
        'updated_at': now,
    }])


def downgrade() -> None:
    op.execute(_rules.delete().where(_rules.c.slug == 'rule_001'))
