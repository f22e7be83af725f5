"""Recovered keys: since when one is being sent to the ledger, so that no other tab replaces it.

Revision ID: 0027
Revises: 0026
"""
import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('web_recovered_keys', sa.Column('sending_since_s', sa.BigInteger()))


def downgrade() -> None:
    op.drop_column('web_recovered_keys', 'sending_since_s')
