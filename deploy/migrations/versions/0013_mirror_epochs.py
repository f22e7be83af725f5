"""mirror epochs: how often the meaning of the mirror's rows changed, so that processes reload."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'consent_mirror', sa.Column('epoch', sa.BigInteger(), nullable=False, server_default='0')
    )


def downgrade() -> None:
    op.drop_column('consent_mirror', 'epoch')
