"""job keys: one active job of a kind and key."""

import json

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_UNIQUE_ARGUMENTS = {
    'train': ('study', 'question'),
    'retrain': ('model',),
    'check-upload': ('upload',),
    'store-upload': ('upload',),
    'verify': (),
    'evidence': (),
}
_ACTIVE = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    op.add_column('web_jobs', sa.Column('key', sa.String(length=256), nullable=True))
    _set_keys_of_active_jobs()
    op.create_index('web_jobs_active', 'web_jobs', ['kind', 'key'], unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)
    op.create_index('web_jobs_newest', 'web_jobs', ['kind', 'asked_at_s'], unique=False)


def _set_keys_of_active_jobs() -> None:
    jobs = sa.table('web_jobs', *(sa.column(name) for name in ('id', 'kind', 'key', 'arguments', 'state', 'asked_at_s')))
    connection = op.get_bind()
    query = sa.select(jobs).where(_ACTIVE).order_by(jobs.c.state.desc(), jobs.c.asked_at_s)
    taken = set()
    for job in connection.execute(query).all():
        names, arguments = _UNIQUE_ARGUMENTS.get(job.kind), json.loads(bytes(job.arguments))
        if names is None or not set(names) <= set(arguments):
            continue
        key = '/'.join(str(arguments[name]) for name in names)
        # Of equal jobs the running or oldest one is kept; another would only repeat it.
        values = {'state': 'cancelled'} if (job.kind, key) in taken else {'key': key}
        taken.add((job.kind, key))
        connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))


def downgrade() -> None:
    op.drop_index('web_jobs_newest', table_name='web_jobs')
    op.drop_index('web_jobs_active', table_name='web_jobs', sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)
    op.drop_column('web_jobs', 'key')
