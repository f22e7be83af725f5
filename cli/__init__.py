"""The command line: it calls the same services as pages and API, with the same errors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import click

from cli.help import LazyGroup, imported
from cli.output import Clock, CommandContext, ErrorTypes, Opener, describe_error, expected_errors

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "audit": ("accept_loss", "check_receipt", "export", "restore", "status", "verify"),
    "categories": ("categories",),
    "copies": ("make_copy_key", "open_copy"),
    "invitation_lists": ("invite_list",),
    "monitoring": ("monitor",),
    "patients": ("enrol", "sign", "stop", "uses", "wallet", "withdraw"),
    "people": ("invite", "person"),
    "persons": ("deceased", "link", "record", "versions"),
    "questions": ("dummy",),
    "records": ("check", "deposit", "describe"),
    "studies": (
        *("card", "evaluate", "gather", "models", "predict", "question", "retrain", "study"),
        "train",
    ),
    "tokens": ("token",),
}
"""The commands of each module; a command imports its own module only."""


def make_cli(opener: Opener, error_types: ErrorTypes = (), clock: Clock = time.time) -> LazyGroup:
    """Return the group of all commands.

    Exit codes: 0 done, 1 refused or failed, 2 invalid input, 3 done in part, as reported.

    Args:
        opener: opens the installation when a command is run.
        error_types: the errors that `opener` raises, to be reported in one line.
        clock: the time in seconds, for commands that open nothing.
    """

    @click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Share health records under consent: encrypted records, signed consents, models.

        Without a command: start the nodes, the worker and the pages. The pages are on
        http://localhost:8000 unless VOUCHSAFE_HOST or VOUCHSAFE_PORT says otherwise.
        """
        context.obj = CommandContext(opener, error_types, clock)

    for module, names in COMMANDS.items():
        for name in names:
            cli.add_import(name.replace("_", "-"), imported(f"cli.{module}", name))
    return cli


__all__ = ["describe_error", "expected_errors", "make_cli"]
