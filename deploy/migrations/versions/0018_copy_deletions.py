"""copy deletions: whose rows a study must delete from its pseudonymised copies, and if it did."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'web_copy_deletions',
        sa.Column('copy', sa.String(32), nullable=False),
        sa.Column('name', sa.String(32), nullable=False),
        sa.Column('study', sa.String(128), nullable=False),
        sa.Column('listed_at_s', sa.BigInteger(), nullable=False),
        sa.Column('due_at_s', sa.BigInteger(), nullable=False),
        sa.Column('acknowledged_at_s', sa.BigInteger()),
        sa.PrimaryKeyConstraint('copy', 'name'),
    )
    op.create_index('ix_web_copy_deletions_study', 'web_copy_deletions', ['study'])


def downgrade() -> None:
    op.drop_table('web_copy_deletions')
