"""Indexes for lists and counts of the pages, which would otherwise read a whole table.

Revision ID: 0023
Revises: 0022
"""
import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

INDEXES = (
    ('ix_web_invitations_subject', 'web_invitations', ['subject']),
    ('ix_web_accounts_role', 'web_accounts', ['role']),
    ('ix_web_diagnoses_at_s', 'web_diagnoses', ['at_s']),
    ('ix_web_messages_at_s', 'web_messages', ['at_s']),
    ('web_requests_answered', 'web_requests', ['answered_at_s', 'state']),
    ('web_uploads_by_state', 'web_uploads', ['state', 'ended_at_s']),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    is_unused = sa.text('used_at_s IS NULL AND ended_at_s IS NULL')
    op.create_index(
        'web_invitations_open',
        'web_invitations',
        ['expires_at_s'],
        sqlite_where=is_unused,
        postgresql_where=is_unused,
    )


def downgrade() -> None:
    op.drop_index('web_invitations_open', 'web_invitations')
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
