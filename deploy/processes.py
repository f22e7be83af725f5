"""Describes the web and worker processes to the supervisor that keeps them running."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import requests

from deploy.nodes import PortInUse
from deploy.nodes.ports import is_free
from deploy.nodes.private_file import make_private_folder
from deploy.nodes.process import Launch
from deploy.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LIVE_TIMEOUT_S = 1.0
METRICS = "metrics"
# Long enough for a slow chain, short enough that a hung thread is noticed.
REQUEST_TIMEOUT_S = 60
WEB_CONNECTIONS = 512  # of a process: as many open files as a system usually allows, and half free
ALONE = "deploy.fair_worker.FairWorker"
BEHIND_A_PROXY = "deploy.web_worker.TimedWorker"  # the proxy is the peer of all requests


def forbid_core_dumps() -> None:
    """Let a crash of this process, or of one that it starts, write no memory to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def environment_for(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with absolute paths: the process runs in another folder."""
    return {
        **environment,
        "VOUCHSAFE_HOME": str(settings.home),
        "VOUCHSAFE_CACHE": str(settings.cache),
        "VOUCHSAFE_PASSPHRASE_FILE": str(settings.passphrase_file),
    }


def become(launch: Launch) -> NoReturn:
    """Replace this process with the program: a service manager then supervises it directly."""
    os.umask(0o077)
    os.chdir(launch.folder)
    os.execve(launch.argv[0], launch.argv, dict(launch.environment))  # noqa: S606 - no shell


class WebProgram:
    """The pages and the API, served by gunicorn processes on the configured port."""

    name = "web"

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.folder = settings.home / "web"
        self._settings = settings
        # The web processes add up their counts in files of this folder (prometheus_client).
        shared = {"PROMETHEUS_MULTIPROC_DIR": str(self.folder / METRICS)}
        self._environment = environment_for(settings, environment) | shared

    def prepare(self) -> Launch:
        """Require a free port, and return how to start."""
        make_private_folder(self.folder)
        self._require_free_port()
        # Counts of a run before this one belong to processes that are gone.
        shutil.rmtree(self.folder / METRICS, ignore_errors=True)
        make_private_folder(self.folder / METRICS)
        settings = self._settings
        gunicorn = (sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "--no-control-socket")
        options = {
            "bind": f"{settings.host}:{settings.port}",
            "worker-class": BEHIND_A_PROXY if settings.proxies else ALONE,
            "workers": settings.web_processes,
            "threads": settings.web_threads,
            "worker-connections": WEB_CONNECTIONS,
            "timeout": REQUEST_TIMEOUT_S,
            "graceful-timeout": 10,
            "limit-request-line": 4094,
            "worker-tmp-dir": self.folder,
            "log-level": "warning",
        }
        flags = tuple(part for key, value in options.items() for part in (f"--{key}", str(value)))
        return Launch((*gunicorn, *flags, "app:web()"), self._environment, self.folder)

    def answers(self, pid: int) -> bool:
        """Return whether the pages are served."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                url = f"http://{self._settings.host}:{self._settings.port}/health/live"
                return session.get(url, timeout=LIVE_TIMEOUT_S).status_code == 200
            except requests.RequestException:
                return False

    def _require_free_port(self) -> None:
        if not is_free(self._settings.port, self._settings.host):
            raise PortInUse(
                f"port {self._settings.port} on {self._settings.host} is used by another program. "
                "Stop that program, or set VOUCHSAFE_PORT"
            )


class WorkerProgram:
    """The process that runs the jobs; see services/jobs/worker.py."""

    name = "worker"

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.folder = settings.home / "worker"
        self._environment = environment_for(settings, environment)

    def prepare(self) -> Launch:
        """Return how to start."""
        make_private_folder(self.folder)
        argv = (sys.executable, str(ROOT / "app.py"), "worker")
        return Launch(argv, self._environment, self.folder)

    def answers(self, pid: int) -> bool:
        """Return True at once: without a worker, jobs only wait."""
        return True
