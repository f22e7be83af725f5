"""Lists the commands of a group, which imports them when it is asked."""

from __future__ import annotations

import click


def commands_in(group: click.Group) -> dict[str, click.Command]:
    context = click.Context(group)
    commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in commands.items() if command is not None}
