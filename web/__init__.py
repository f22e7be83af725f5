"""The front door of the pages: what app.py builds and starts."""

from web.jobs import Jobs
from web.platform import Platform
from web.worker import Worker

__all__ = ["Jobs", "Platform", "Worker"]
