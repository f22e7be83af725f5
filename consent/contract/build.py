"""Builds consent/ledger.json: fetches the pinned compiler once, then runs build.mjs."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Compile the sources to consent/ledger.json; return the exit code of the failed step, or 0."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        sys.exit("Node.js or npm is missing: install both to compile the ledger.")
    steps = [[node, "build.mjs"]]
    # Not `npm ci`: it refuses a registry that lacks the packages of other platforms.
    if not (HERE / "node_modules" / "solc").is_dir():
        steps.insert(0, [npm, "install", "--no-save", "--no-audit", "--no-fund"])
    for step in steps:
        done = subprocess.run(step, cwd=HERE, check=False)  # noqa: S603 - fixed commands, no input
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
