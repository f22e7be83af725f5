"""Each command that the documents name is one that `vouchsafe` has, with those options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from command_line import commands_in

import app

ROOT = Path(__file__).resolve().parents[2]
CLI = app.commands()
DOCUMENTS = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/operations.md")
] + sorted((ROOT / "docs" / "guide").glob("*.md"))
LINE = re.compile(
    r"^ {4}(?:[A-Z_]++=\S++ )*+(?:\.venv/bin/)?+vouchsafe( [^\n]*+)?+$"
    r"|`(?:[A-Z_]++=\S++ )*+(?:\.venv/bin/)?+vouchsafe( [^`]++)`",
    re.MULTILINE,
)
MANY = 1_000
ANYTHING = {"COMMAND"}
"""What stands for the name of any command."""


def commands_of(text: str) -> list[str]:
    """Return what follows `vouchsafe` in each command of a document."""
    return [(block or inline).strip() for block, inline in LINE.findall(text)]


def fault_of(line: str) -> str:
    """Return what `vouchsafe` would refuse in the words behind it, or nothing."""
    words = shlex.split(line, comments=True)
    command: click.Command = CLI
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        name = words.pop(0)
        if name in ANYTHING:
            return ""
        commands = commands_in(command)
        if name not in commands:
            return f"no command {name}"
        command = commands[name]
    return fault_of_words(command, words)


def fault_of_words(command: click.Command, words: list[str]) -> str:
    """Return what a command would refuse in its options and arguments, or nothing."""
    context = click.Context(command, help_option_names=["-h", "--help"])
    options = {name: each for each in command.get_params(context) for name in each.opts}
    options |= {name: each for each in command.params for name in each.secondary_opts}
    count = 0
    while words:
        word = words.pop(0).partition("=")[0]
        if not word.startswith("-"):
            count += 1
        elif word not in options:
            return f"no option {word}"
        elif words and not getattr(options[word], "is_flag", False):
            words.pop(0)
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    most = sum(each.nargs if each.nargs > 0 else MANY for each in arguments)
    return "" if count <= most else f"{count} arguments, at most {most}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_each_command_that_a_document_names_exists_with_its_options(path: Path) -> None:
    named = commands_of(path.read_text(encoding="utf-8"))
    faults = {line: fault_of(line) for line in named}
    assert {line: fault for line, fault in faults.items() if fault} == {}


def test_a_command_an_option_or_an_argument_too_many_is_found() -> None:
    text = "    vouchsafe verify --no\n    .venv/bin/vouchsafe never x  # why\n`vouchsafe status x`"
    assert [fault_of(line) for line in commands_of(text)] == [
        "no option --no",
        "no command never",
        "1 arguments, at most 0",
    ]


def test_the_readme_names_how_everything_is_verified_and_taken_away() -> None:
    named = commands_of((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"verify", "export evidence --blocks"} <= set(named)
