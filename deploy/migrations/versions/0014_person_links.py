"""Links between two subjects that are one person.

Revision ID: 0014
Revises: 0013
"""
import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storage_person_links',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('first', sa.LargeBinary(length=32), nullable=False),
        sa.Column('second', sa.LargeBinary(length=32), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('source', sa.String(length=32), nullable=False),
        sa.Column('proposed_by', sa.String(length=128), nullable=False),
        sa.Column('proposed_at_s', sa.BigInteger(), nullable=False),
        sa.Column('decided_by', sa.String(length=128), nullable=True),
        sa.Column('decided_at_s', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('first', 'second'),
    )
    op.create_index('ix_storage_person_links_second', 'storage_person_links', ['second'])
    op.create_index('ix_storage_person_links_state', 'storage_person_links', ['state'])


def downgrade() -> None:
    op.drop_table('storage_person_links')
