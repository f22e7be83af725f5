"""Runs a program that receives SIGTERM when the process that started it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's death, then become the program.

    This is a program of its own, not a function that runs between fork and exec, because there
    only async-signal-safe code may run once the parent has threads.
    """
    parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the request
        sys.exit(1)
    os.execve(program[0], program, os.environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
