"""The help names every command with a whole sentence, and where the pages are."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner
from command_line import commands_in

import app
from cli.help import CommandGroup

CLI = app.commands()


def groups(group: click.Group, *words: str) -> list[tuple[str, ...]]:
    result = [words]
    for name, command in commands_in(group).items():
        if isinstance(command, click.Group):
            result += groups(command, *words, name)
    return result


@pytest.mark.parametrize("words", groups(CLI), ids=" ".join)
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_no_sentence_of_a_list_of_commands_is_cut_off(words: tuple[str, ...], columns: str) -> None:
    result = CliRunner().invoke(CLI, [*words, "--help"], env={"COLUMNS": columns})
    assert result.exit_code == 0
    command: Any = CLI
    for word in words:
        command = commands_in(command)[word]
    assert isinstance(command, CommandGroup)
    listed = " ".join(result.output.split("\nCommands:\n")[1].split())
    assert "..." not in listed
    for name, each in commands_in(command).items():
        sentence = " ".join((each.help or "").split("\n\n", 1)[0].split()).split(". ")[0]
        assert f"{name} {sentence.removesuffix('.')}" in listed


def test_the_help_says_that_a_setting_changes_the_address_of_the_pages() -> None:
    text = " ".join(CliRunner().invoke(CLI, ["--help"]).output.split())
    assert (
        "The pages are on http://localhost:8000 unless VOUCHSAFE_HOST or VOUCHSAFE_PORT says "
        "otherwise." in text
    )
