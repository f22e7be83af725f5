"""fhir intake: which resource is filed where, what senders call patients, what waits."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'custodian_items',
        sa.Column('identity', sa.LargeBinary(length=32), nullable=False),
        sa.Column('record_id', sa.LargeBinary(length=16), nullable=False),
        sa.Column('content', sa.LargeBinary(length=32), nullable=False),
        sa.Column('updated_us', sa.BigInteger(), nullable=True),
        sa.Column('is_deleted', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('identity'),
    )
    op.create_index(op.f('ix_custodian_items_content'), 'custodian_items', ['content'], unique=False)
    op.create_table(
        'custodian_patient_names',
        sa.Column('name', sa.LargeBinary(length=32), nullable=False),
        sa.Column('subject', sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint('name'),
    )
    op.create_index(op.f('ix_custodian_patient_names_subject'), 'custodian_patient_names', ['subject'], unique=False)
    op.create_table(
        'custodian_parked',
        sa.Column('id', sa.LargeBinary(length=32), nullable=False),
        sa.Column('is_shared', sa.Boolean(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.Column('at_s', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_table(
        'custodian_parked_names',
        sa.Column('parked', sa.LargeBinary(length=32), nullable=False),
        sa.Column('name', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('parked', 'name'),
    )
    op.create_index(op.f('ix_custodian_parked_names_name'), 'custodian_parked_names', ['name'], unique=False)


def downgrade() -> None:
    op.drop_table('custodian_parked_names')
    op.drop_table('custodian_parked')
    op.drop_table('custodian_patient_names')
    op.drop_table('custodian_items')
