"""Lists the commands of a group with the whole first sentence of each."""

from __future__ import annotations

from typing import Final

import click

_ANY_LENGTH: Final = 10_000


class CommandGroup(click.Group):
    """A group whose help breaks a long sentence into lines, where click would cut it off."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command with its first sentence, as long as that is."""
        cmd.short_help = cmd.get_short_help_str(_ANY_LENGTH)
        super().add_command(cmd, name)
