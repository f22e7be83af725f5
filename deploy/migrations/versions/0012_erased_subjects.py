"""Erased subjects are marked, so that nothing is stored under them again.

Revision ID: 0012
Revises: 0011
"""
import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storage_erased_subjects',
        sa.Column('mark', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('mark'),
    )


def downgrade() -> None:
    op.drop_table('storage_erased_subjects')
