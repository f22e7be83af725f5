"""recovered keys: which account proposed each, so that those of a disabled one are held."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'web_recovered_keys', sa.Column('by', sa.String(32), nullable=False, server_default='')
    )


def downgrade() -> None:
    op.drop_column('web_recovered_keys', 'by')
