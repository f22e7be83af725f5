"""Lists of patients who are invited at once, sealed, for a day.

Revision ID: 0026
Revises: 0025
"""
import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'web_invitation_lists',
        sa.Column('id', sa.String(length=32), primary_key=True),
        sa.Column('by', sa.String(length=32), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('at_s', sa.BigInteger(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
    )
    op.create_index('ix_web_invitation_lists_at_s', 'web_invitation_lists', ['at_s'])


def downgrade() -> None:
    op.drop_index('ix_web_invitation_lists_at_s', 'web_invitation_lists')
    op.drop_table('web_invitation_lists')
