"""recovery links: kinds of invitations, who issued them, keys that wait; accounts' time zones."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('web_messages',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('about', sa.String(length=64), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.Column('answered_at_s', sa.BigInteger(), nullable=True),
    sa.Column('answered_by', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_messages_outcome'), 'web_messages', ['outcome'], unique=False)
    op.create_index(op.f('ix_web_messages_subject'), 'web_messages', ['subject'], unique=False)
    op.add_column('web_sessions', sa.Column('passkey', sa.LargeBinary(), nullable=True))
    op.create_table('web_patient_acts',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('consent', sa.LargeBinary(length=32), nullable=True),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('web_patient_acts_of_subject', 'web_patient_acts', ['subject', 'at_s'], unique=False)
    op.add_column('web_accounts', sa.Column('time_zone', sa.String(length=64), nullable=False, server_default=''))
    op.add_column('web_invitations', sa.Column('kind', sa.String(length=16), nullable=False, server_default='join'))
    op.add_column('web_invitations', sa.Column('by', sa.String(length=32), nullable=False, server_default=''))
    op.add_column('web_invitations', sa.Column('ended_at_s', sa.BigInteger(), nullable=True))
    op.create_table('web_recovered_keys',
    sa.Column('signer', sa.LargeBinary(length=84), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('invitation', sa.LargeBinary(length=32), nullable=True),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('credential', sa.LargeBinary(), nullable=True),
    sa.Column('label', sa.String(length=128), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('proposed_at_s', sa.BigInteger(), nullable=True),
    sa.Column('is_open', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('signer'),
    sa.UniqueConstraint('invitation')
    )
    op.create_index(op.f('ix_web_recovered_keys_is_open'), 'web_recovered_keys', ['is_open'], unique=False)
    op.create_index(op.f('ix_web_recovered_keys_subject'), 'web_recovered_keys', ['subject'], unique=False)


def downgrade() -> None:
    op.drop_table('web_messages')
    op.drop_table('web_patient_acts')
    op.drop_column('web_sessions', 'passkey')
    op.drop_table('web_recovered_keys')
    op.drop_column('web_accounts', 'time_zone')
    for column in ('ended_at_s', 'by', 'kind'):
        op.drop_column('web_invitations', column)
