"""Stores up to which change grants are suspended since an older copy was restored.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent_mirror", sa.Column("suspended", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("consent_mirror", "suspended")
