"""erasures: patients' requests to be erased, decisions and receipts."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'web_erasures',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
        sa.Column('open_subject', sa.LargeBinary(length=32), nullable=True),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('requested_by', sa.String(length=64), nullable=False),
        sa.Column('requested_at_s', sa.BigInteger(), nullable=False),
        sa.Column('decided_by', sa.String(length=64), nullable=True),
        sa.Column('decided_at_s', sa.BigInteger(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('receipt', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('open_subject'),
    )
    op.create_index(op.f('ix_web_erasures_state'), 'web_erasures', ['state'], unique=False)
    op.create_index(op.f('ix_web_erasures_subject'), 'web_erasures', ['subject'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_web_erasures_subject'), table_name='web_erasures')
    op.drop_index(op.f('ix_web_erasures_state'), table_name='web_erasures')
    op.drop_table('web_erasures')
