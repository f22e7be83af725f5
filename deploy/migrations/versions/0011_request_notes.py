"""A request keeps a sealed note for its sender.

Revision ID: 0011
Revises: 0010
"""
import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('web_askings', sa.Column('note', sa.LargeBinary(), nullable=True))
    op.add_column('web_askings', sa.Column('note_about', sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f('ix_web_askings_note_about'), 'web_askings', ['note_about'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_web_askings_note_about'), table_name='web_askings')
    op.drop_column('web_askings', 'note_about')
    op.drop_column('web_askings', 'note')
