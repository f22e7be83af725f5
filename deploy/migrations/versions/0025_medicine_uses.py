"""Which stored resources refer to which medicine, so that a correction of it reaches them.

Revision ID: 0025
Revises: 0024
"""
import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'custodian_medicine_uses',
        sa.Column('name', sa.LargeBinary(length=32), nullable=False),
        sa.Column('item', sa.LargeBinary(length=32), nullable=False),
        sa.Column('content', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('name', 'item'),
    )
    op.create_index('ix_custodian_medicine_uses_item', 'custodian_medicine_uses', ['item'])
    # What waited for its medicine was known by its document; each resource in it may refer to it.
    connection = op.get_bind()
    waiting = sa.text(
        'SELECT a.name, i.identity FROM custodian_awaited_medicines a'
        ' JOIN custodian_items i ON i.record_id = a.record_id WHERE NOT i.is_deleted'
    )
    uses = sa.table(
        'custodian_medicine_uses',
        sa.column('name', sa.LargeBinary),
        sa.column('item', sa.LargeBinary),
        sa.column('content', sa.LargeBinary),
    )
    rows = connection.execute(waiting).all()
    for start in range(0, len(rows), 1000):
        part = rows[start : start + 1000]
        values = [{'name': n, 'item': i, 'content': bytes(32)} for n, i in part]
        connection.execute(sa.insert(uses), values)
    op.drop_table('custodian_awaited_medicines')


def downgrade() -> None:
    op.create_table(
        'custodian_awaited_medicines',
        sa.Column('name', sa.LargeBinary(length=32), nullable=False),
        sa.Column('record_id', sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint('name', 'record_id'),
    )
    index = 'ix_custodian_awaited_medicines_record_id'
    op.create_index(index, 'custodian_awaited_medicines', ['record_id'])
    op.drop_table('custodian_medicine_uses')
