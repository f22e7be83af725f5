"""proofs of changes: which changes of the ledger signatures prove; recover proves older rows."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('consent_events', sa.Column('proof', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('consent_events', 'proof')
