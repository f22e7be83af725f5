"""Counts that an organisation took in a quarter.

Revision ID: 0024
Revises: 0023
"""
import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'web_counts',
        sa.Column('owner', sa.String(length=128), nullable=False),
        sa.Column('quarter', sa.String(length=7), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('owner', 'quarter', 'number'),
        sa.UniqueConstraint('owner', 'quarter', 'name', name='uq_web_counts_name'),
    )


def downgrade() -> None:
    op.drop_table('web_counts')
