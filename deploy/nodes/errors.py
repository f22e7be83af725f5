"""What can go wrong with a node; each message says what to do about it."""

from __future__ import annotations

from collections.abc import Sequence


class NodesError(Exception):
    """The nodes cannot run; the message says why and what to do."""


class NodeMissing(NodesError):
    """There is no suitable program, and no Go to build one."""


class BuildFailed(NodesError):
    """Go could not build the program."""


class PortInUse(NodesError):
    """The port of a program is taken, or no port is free."""


class AnotherChain(NodesError):
    """The home folder holds a chain of another relayer or another chain id."""


class NodeFailed(NodesError):
    """The node died or never became ready; `last_lines` is the end of its log."""

    def __init__(self, message: str, last_lines: Sequence[str] = ()):
        self.last_lines = tuple(last_lines)
        output_end = "".join(f"\n    {line}" for line in self.last_lines)
        super().__init__(message + output_end)


class NodeExposed(NodeFailed):
    """The node can be reached by others, so it was stopped."""


class DiskFull(NodeFailed):
    """There is no space left for the node's data."""
