"""restored copies: up to which change grants are suspended since an older copy was restored."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('consent_mirror', sa.Column('suspended', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('consent_mirror', 'suspended')
