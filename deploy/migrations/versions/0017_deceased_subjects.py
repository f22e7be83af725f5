"""Marks of subjects who have died.

Revision ID: 0017
Revises: 0016
"""
import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storage_deceased',
        sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('source', sa.String(length=16), nullable=False),
        sa.Column('by', sa.String(length=128), nullable=False),
        sa.Column('at_s', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('subject'),
    )
    op.create_index('ix_storage_deceased_state', 'storage_deceased', ['state'])


def downgrade() -> None:
    op.drop_table('storage_deceased')
