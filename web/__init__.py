"""The front door of the pages: what app.py builds and starts."""

from web.cli import make_cli
from web.factory import create_app
from web.jobs import Jobs
from web.logs import show as show_log
from web.platform import Platform
from web.worker import Worker

__all__ = ["Jobs", "Platform", "Worker", "create_app", "make_cli", "show_log"]
