"""Signed messages that wait until the ledger shows them.

Revision ID: 0021
Revises: 0020
"""
import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_waiting: sa.Column[bool] = sa.Column(
        'is_waiting', sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column('web_signings', is_waiting)
    op.create_index('ix_web_signings_is_waiting', 'web_signings', ['is_waiting'])


def downgrade() -> None:
    op.drop_index('ix_web_signings_is_waiting', 'web_signings')
    op.drop_column('web_signings', 'is_waiting')
