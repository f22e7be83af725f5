"""accounts of the ledger: what each is for, and which transaction caused a change."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('consent_events', sa.Column('cause', sa.LargeBinary(32)))
    purpose = sa.Column('purpose', sa.String(8), nullable=False, server_default='everyday')
    op.add_column('consent_outbox_writer', purpose)


def downgrade() -> None:
    op.drop_column('consent_outbox_writer', 'purpose')
    op.drop_column('consent_events', 'cause')
