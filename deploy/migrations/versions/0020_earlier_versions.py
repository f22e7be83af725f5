"""Earlier versions: their keys, and the custodian's rule; the servers of each sender.

Revision ID: 0020
Revises: 0019
"""
import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('storage_records', sa.Column('former', sa.LargeBinary(), nullable=True))
    keeps: sa.Column[bool] = sa.Column(
        'keeps_former', sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column('storage_records', keeps)
    has_former = sa.text('former IS NOT NULL')
    op.create_index(
        'ix_storage_records_former',
        'storage_records',
        ['record_id'],
        sqlite_where=has_former,
        postgresql_where=has_former,
    )
    op.create_table(
        'storage_history_rules',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('keeps', sa.Boolean(), nullable=False),
        sa.Column('by', sa.String(length=128), nullable=False),
        sa.Column('at_s', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_table(
        'custodian_sender_servers',
        sa.Column('id', sa.LargeBinary(length=32), nullable=False),
        sa.Column('sender', sa.LargeBinary(length=32), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    index = 'ix_custodian_sender_servers_sender'
    op.create_index(index, 'custodian_sender_servers', ['sender'])


def downgrade() -> None:
    op.drop_table('custodian_sender_servers')
    op.drop_table('storage_history_rules')
    op.drop_index('ix_storage_records_former', 'storage_records')
    op.drop_column('storage_records', 'keeps_former')
    op.drop_column('storage_records', 'former')
