"""Builds consent/ledger.json: fetches the pinned compiler once, then runs build.mjs."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Leaves consent/ledger.json as the sources say; else the code of the step that failed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        sys.exit("The ledger is compiled with Node.js and npm, which are not installed.")
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
