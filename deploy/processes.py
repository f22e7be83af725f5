"""Describes the platform's own processes, web and worker, to the watch that keeps them running."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import requests

from deploy.nodes import PortInUse
from deploy.nodes.private_file import make_private_folder
from deploy.nodes.process import Launch
from deploy.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LIVE_TIMEOUT_S = 1.0
# Long enough for a slow chain's answer, short enough that a hung thread is noticed.
REQUEST_TIMEOUT_S = 60


def environment_for(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with whole paths in it: the process runs in another folder than ours."""
    return {
        **environment,
        "VOUCHSAFE_HOME": str(settings.home),
        "VOUCHSAFE_CACHE": str(settings.cache),
        "VOUCHSAFE_PASSPHRASE_FILE": str(settings.passphrase_file),
    }


class Web:
    """The pages and the API, served by gunicorn on the port of the settings."""

    name = "web"

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.folder = settings.home / "web"
        self._settings = settings
        self._environment = environment_for(settings, environment)

    def prepare(self) -> Launch:
        """Check that the port is free, and say how to start."""
        make_private_folder(self.folder)
        self._require_free_port()
        settings = self._settings
        gunicorn = (sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "--no-control-socket")
        options = {
            "bind": f"{settings.host}:{settings.port}",
            "worker-class": "gthread",
            "workers": 1,
            "threads": settings.web_threads,
            "timeout": REQUEST_TIMEOUT_S,
            "graceful-timeout": 10,
            "limit-request-line": 4094,
            "worker-tmp-dir": self.folder,
            "log-level": "warning",
        }
        flags = tuple(part for key, value in options.items() for part in (f"--{key}", str(value)))
        return Launch((*gunicorn, *flags, "app:web()"), self._environment, self.folder)

    def answers(self, pid: int) -> bool:
        """True when the pages are served."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                url = f"http://{self._settings.host}:{self._settings.port}/health/live"
                return session.get(url, timeout=LIVE_TIMEOUT_S).status_code == 200
            except requests.RequestException:
                return False

    def _require_free_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._settings.host, self._settings.port))
            except OSError as exc:
                raise PortInUse(
                    f"port {self._settings.port} on {self._settings.host} is used by another "
                    "program; stop that one, or set VOUCHSAFE_PORT"
                ) from exc


class Worker:
    """The process that does long work; see services/jobs/worker.py."""

    name = "worker"

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.folder = settings.home / "worker"
        self._environment = environment_for(settings, environment)

    def prepare(self) -> Launch:
        """Say how to start."""
        make_private_folder(self.folder)
        argv = (sys.executable, str(ROOT / "app.py"), "worker")
        return Launch(argv, self._environment, self.folder)

    def answers(self, pid: int) -> bool:
        """True at once: a worker that is away only makes jobs wait."""
        return True
