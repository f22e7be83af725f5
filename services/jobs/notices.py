"""The only file that knows huey: it carries word of new jobs to the worker on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from huey import SqliteHuey


class Queue:
    """A queue of job ids in a file of its own; losing it loses nothing, since the rows are kept."""

    def __init__(self, path: Path, run: Callable[[str], None]) -> None:
        self._huey = SqliteHuey("vouchsafe", filename=str(path), results=False, utc=True)
        self._carry = self._huey.task(name="job")(run)

    def tell(self, job_id: str) -> None:
        """Say that there is a job; saying it twice does no harm."""
        self._carry(job_id)

    def is_empty(self) -> bool:
        """Tell whether all that was said has been heard."""
        return bool(self._huey.pending_count() == 0)

    def clear(self) -> None:
        """Forget what was said; whoever starts a worker says it all again from the rows."""
        self._huey.flush()

    def work(self) -> None:
        """Do jobs, one at a time, until this process is told to stop."""
        self._huey.create_consumer(workers=1, periodic=False, check_worker_health=True).run()
