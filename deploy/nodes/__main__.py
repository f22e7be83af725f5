"""Builds the nodes from the command line: `python -m deploy.nodes build`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.nodes.build import RECIPES, find_or_build
from deploy.nodes.errors import NodesError


def main(arguments: Sequence[str]) -> int:
    """Find or build both programs; paths go to standard output, progress to standard error."""
    parser = argparse.ArgumentParser(prog="python -m deploy.nodes")
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="find Kubo and geth on PATH, or build them")
    build.add_argument("--cache", type=Path, default=Path("~/.cache/vouchsafe"))
    cache = parser.parse_args(arguments).cache.expanduser().resolve()
    for name in RECIPES:  # one at a time: each build uses all cores
        try:
            path = find_or_build(name, cache, os.environ, _report)
        except NodesError as exc:
            _report(str(exc))
            return 1
        sys.stdout.write(f"{path}\n")
    return 0


def _report(line: str) -> None:
    sys.stderr.write(f"nodes: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
