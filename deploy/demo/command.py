"""The demo's command: `python app.py demo`."""

from __future__ import annotations

import click


def demo(opener: object) -> click.Command:
    """Return the command."""

    @click.command("demo")
    def run() -> None:
        """Do the platform's main job on real people."""

    return run
