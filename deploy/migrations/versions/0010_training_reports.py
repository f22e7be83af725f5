"""training reports: what a refused training run leaves for its study."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('models_runs', sa.Column('report', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('models_runs', 'report')
