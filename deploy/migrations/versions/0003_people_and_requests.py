"""people, requests, uploads and sets."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('web_accounts',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('created_at_s', sa.BigInteger(), nullable=False),
    sa.Column('is_disabled', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('subject')
    )
    op.create_table('web_askings',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('by', sa.String(length=32), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_askings_party'), 'web_askings', ['party'], unique=False)
    op.create_table('web_challenges',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('about', sa.String(length=128), nullable=False),
    sa.Column('challenge', sa.LargeBinary(length=64), nullable=False),
    sa.Column('expires_at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_challenges_expires_at_s'), 'web_challenges', ['expires_at_s'], unique=False)
    op.create_table('web_diagnoses',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=True),
    sa.Column('decided_at_s', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_diagnoses_party'), 'web_diagnoses', ['party'], unique=False)
    op.create_index(op.f('ix_web_diagnoses_subject'), 'web_diagnoses', ['subject'], unique=False)
    op.create_table('web_feasibility',
    sa.Column('question', sa.String(length=64), nullable=False),
    sa.Column('week', sa.String(length=10), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('question', 'week')
    )
    op.create_table('web_invitations',
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=True),
    sa.Column('created_at_s', sa.BigInteger(), nullable=False),
    sa.Column('expires_at_s', sa.BigInteger(), nullable=False),
    sa.Column('used_at_s', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('hash')
    )
    op.create_table('web_joinings',
    sa.Column('invitation', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('credential', sa.LargeBinary(), nullable=True),
    sa.Column('qx', sa.LargeBinary(length=32), nullable=True),
    sa.Column('qy', sa.LargeBinary(length=32), nullable=True),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('invitation')
    )
    op.create_table('web_passkeys',
    sa.Column('id', sa.LargeBinary(), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('qx', sa.LargeBinary(length=32), nullable=False),
    sa.Column('qy', sa.LargeBinary(length=32), nullable=False),
    sa.Column('label', sa.String(length=128), nullable=False),
    sa.Column('made_at_s', sa.BigInteger(), nullable=False),
    sa.Column('used_at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_passkeys_account'), 'web_passkeys', ['account'], unique=False)
    op.create_table('web_patients',
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('number_key', sa.LargeBinary(length=32), nullable=False),
    sa.Column('number', sa.LargeBinary(), nullable=False),
    sa.Column('added_at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('subject'),
    sa.UniqueConstraint('number_key')
    )
    op.create_table('web_proposals',
    sa.Column('study', sa.String(length=128), nullable=False),
    sa.Column('owner', sa.String(length=128), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('answered_by', sa.String(length=32), nullable=False),
    sa.Column('answered_at_s', sa.BigInteger(), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('study')
    )
    op.create_index(op.f('ix_web_proposals_owner'), 'web_proposals', ['owner'], unique=False)
    op.create_table('web_sessions',
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('device', sa.String(length=128), nullable=False),
    sa.Column('began_at_s', sa.BigInteger(), nullable=False),
    sa.Column('used_at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('hash'),
    sa.UniqueConstraint('id')
    )
    op.create_index(op.f('ix_web_sessions_account'), 'web_sessions', ['account'], unique=False)
    op.create_table('web_sets',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('study', sa.String(length=128), nullable=False),
    sa.Column('release', sa.String(length=32), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('ends_at_s', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('names', sa.LargeBinary(), nullable=False),
    sa.Column('deleted_at_s', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_sets_study'), 'web_sets', ['study'], unique=False)
    op.create_table('web_signings',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('message', sa.LargeBinary(), nullable=False),
    sa.Column('after', sa.LargeBinary(), nullable=False),
    sa.Column('prepared_at_s', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_signings_prepared_at_s'), 'web_signings', ['prepared_at_s'], unique=False)
    op.create_table('web_upload_parts',
    sa.Column('upload', sa.String(length=32), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('upload', 'place')
    )
    op.create_table('web_uploads',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('by', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('mapping', sa.Text(), nullable=False),
    sa.Column('on_bad', sa.String(length=8), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('mark', sa.LargeBinary(length=32), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('job', sa.String(length=32), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('ended_at_s', sa.BigInteger(), nullable=True),
    sa.Column('report', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_web_uploads_mark'), 'web_uploads', ['mark'], unique=False)
    op.create_index(op.f('ix_web_uploads_party'), 'web_uploads', ['party'], unique=False)
    op.create_table('web_wallets',
    sa.Column('address', sa.LargeBinary(length=20), nullable=False),
    sa.Column('account', sa.String(length=32), nullable=False),
    sa.Column('made_at_s', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('address')
    )
    op.create_index(op.f('ix_web_wallets_account'), 'web_wallets', ['account'], unique=False)
    op.create_table('web_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('asking', sa.String(length=32), nullable=False),
    sa.Column('party', sa.String(length=128), nullable=False),
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('at_s', sa.BigInteger(), nullable=False),
    sa.Column('lapses_at_s', sa.BigInteger(), nullable=False),
    sa.Column('answered_at_s', sa.BigInteger(), nullable=True),
    sa.Column('consent', sa.LargeBinary(length=32), nullable=True),
    sa.Column('draft', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['asking'], ['web_askings.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('web_requests_of_asking', 'web_requests', ['asking', 'state'], unique=False)
    op.create_index('web_requests_of_party', 'web_requests', ['party', 'subject'], unique=False)
    op.create_index('web_requests_of_subject', 'web_requests', ['subject', 'at_s'], unique=False)
    op.drop_index(op.f('ix_consent_events_name'), table_name='consent_events')
    op.create_index('consent_events_name', 'consent_events', ['name', 'position'], unique=False)


def downgrade() -> None:
    op.drop_index('consent_events_name', table_name='consent_events')
    op.create_index(op.f('ix_consent_events_name'), 'consent_events', ['name'], unique=False)
    op.drop_index('web_requests_of_subject', table_name='web_requests')
    op.drop_index('web_requests_of_party', table_name='web_requests')
    op.drop_index('web_requests_of_asking', table_name='web_requests')
    op.drop_table('web_requests')
    op.drop_index(op.f('ix_web_wallets_account'), table_name='web_wallets')
    op.drop_table('web_wallets')
    op.drop_index(op.f('ix_web_uploads_party'), table_name='web_uploads')
    op.drop_index(op.f('ix_web_uploads_mark'), table_name='web_uploads')
    op.drop_table('web_uploads')
    op.drop_table('web_upload_parts')
    op.drop_index(op.f('ix_web_signings_prepared_at_s'), table_name='web_signings')
    op.drop_table('web_signings')
    op.drop_index(op.f('ix_web_sets_study'), table_name='web_sets')
    op.drop_table('web_sets')
    op.drop_index(op.f('ix_web_sessions_account'), table_name='web_sessions')
    op.drop_table('web_sessions')
    op.drop_index(op.f('ix_web_proposals_owner'), table_name='web_proposals')
    op.drop_table('web_proposals')
    op.drop_table('web_patients')
    op.drop_index(op.f('ix_web_passkeys_account'), table_name='web_passkeys')
    op.drop_table('web_passkeys')
    op.drop_table('web_joinings')
    op.drop_table('web_invitations')
    op.drop_table('web_feasibility')
    op.drop_index(op.f('ix_web_diagnoses_subject'), table_name='web_diagnoses')
    op.drop_index(op.f('ix_web_diagnoses_party'), table_name='web_diagnoses')
    op.drop_table('web_diagnoses')
    op.drop_index(op.f('ix_web_challenges_expires_at_s'), table_name='web_challenges')
    op.drop_table('web_challenges')
    op.drop_index(op.f('ix_web_askings_party'), table_name='web_askings')
    op.drop_table('web_askings')
    op.drop_table('web_accounts')
