"""question drafts: questions that researchers build, and whether people may be counted."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'web_counting',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('is_allowed', sa.Boolean(), nullable=False),
        sa.Column('decided_by', sa.String(length=64), nullable=False),
        sa.Column('decided_at_s', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_table(
        'web_question_drafts',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('party', sa.String(length=128), nullable=False),
        sa.Column('account', sa.String(length=64), nullable=False),
        sa.Column('choices', sa.LargeBinary(), nullable=False),
        sa.Column('changed_at_s', sa.BigInteger(), nullable=False),
        sa.Column('job', sa.String(length=32), nullable=False),
        sa.Column('count', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        op.f('ix_web_question_drafts_party'), 'web_question_drafts', ['party'], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f('ix_web_question_drafts_party'), table_name='web_question_drafts')
    op.drop_table('web_question_drafts')
    op.drop_table('web_counting')
