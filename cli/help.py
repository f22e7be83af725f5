"""Lists the commands of a group, each with its whole first sentence; imports one when called."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import click

from cli.importing import without_collecting

AS_JSON: Final = "--json"
_ANY_LENGTH: Final = 10_000
_AS_JSON: Final = "cli.help.as_json"
Import = Callable[[], click.Command]


def error_document(exc: Exception, message: str) -> str:
    """Return an error as the one document of --json."""
    return json.dumps({"error": type(exc).__name__, "message": message, "rows": []}, indent=2)


def imported(module: str, attribute: str) -> Import:
    """Return what imports a command of this module."""

    def get() -> click.Command:
        with without_collecting():
            command: click.Command = getattr(import_module(module), attribute)
        return command

    return get


class CommandGroup(click.Group):
    """A group whose help breaks a long sentence into lines, where click would cut it off."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command with its first sentence, as long as that is."""
        cmd.short_help = cmd.get_short_help_str(_ANY_LENGTH)
        super().add_command(cmd, name)


class LazyGroup(CommandGroup):
    """A group that imports a command when it is called or listed, not before."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._imports: dict[str, Import] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember whether --json is asked for: invalid words reach no command that would know."""
        ctx.meta[_AS_JSON] = AS_JSON in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; with --json, invalid use is one document on stdout too."""
        try:
            return super().invoke(ctx)
        except click.UsageError as exc:
            if ctx.meta[_AS_JSON]:
                click.echo(error_document(exc, exc.format_message()))
            raise

    def add_import(self, name: str, get: Import) -> None:
        """Add the command of this name, which `get` imports."""
        self._imports[name] = get

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in order."""
        return sorted({*super().list_commands(ctx), *self._imports})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, if there is one."""
        if cmd_name in self._imports:
            self.add_command(self._imports.pop(cmd_name)(), cmd_name)
        return super().get_command(ctx, cmd_name)
