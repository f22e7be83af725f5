"""Stored resources whose medicine has not arrived yet.

Revision ID: 0022
Revises: 0021
"""
import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'custodian_awaited_medicines',
        sa.Column('name', sa.LargeBinary(length=32), nullable=False),
        sa.Column('record_id', sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint('name', 'record_id'),
    )
    index = 'ix_custodian_awaited_medicines_record_id'
    op.create_index(index, 'custodian_awaited_medicines', ['record_id'])


def downgrade() -> None:
    op.drop_table('custodian_awaited_medicines')
