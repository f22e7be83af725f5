"""The command line: it calls the same services as pages and API, with the same errors."""

from __future__ import annotations

import time
from typing import Final

import click

from cli.audit import accept_loss, check_receipt, export, restore, status, verification
from cli.categories import categories
from cli.copies import make_copy_key, open_copy_file
from cli.help import CommandGroup
from cli.invitation_lists import invite_list
from cli.monitoring import monitor
from cli.output import EXPECTED_ERRORS, Clock, CommandContext, ErrorTypes, Opener, describe_error
from cli.patients import enrol, sign, stop, uses, wallet, withdraw
from cli.people import invite, person
from cli.persons import deceased, link, record, versions
from cli.questions import dummy
from cli.records import check, deposit, describe
from cli.studies import card, evaluate, gather, models, predict, question, retrain, study, train
from cli.tokens import token

COMMANDS: Final = (
    *(check, describe, wallet, enrol, deposit, sign, withdraw, stop, uses),
    *(question, dummy, study, gather, train, models, card, evaluate, predict, retrain, monitor),
    *(verification, export, check_receipt, status, accept_loss, restore),
    *(token, invite, invite_list, person, link, deceased, record, versions, categories),
    *(make_copy_key, open_copy_file),
)


def make_cli(opener: Opener, error_types: ErrorTypes = (), clock: Clock = time.time) -> click.Group:
    """Return the group of all commands.

    Exit codes: 0 done, 1 refused or failed, 2 invalid input, 3 done in part, as reported.

    Args:
        opener: opens the installation when a command is run.
        error_types: the errors that `opener` raises, to be reported in one line.
        clock: the time in seconds, for commands that open nothing.
    """

    @click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Share health records under consent: encrypted records, signed consents, models.

        Without a command: start the nodes, the worker and the pages. The pages are on
        http://localhost:8000 unless VOUCHSAFE_HOST or VOUCHSAFE_PORT says otherwise.
        """
        context.obj = CommandContext(opener, error_types, clock)

    for command in COMMANDS:
        cli.add_command(command)
    return cli


__all__ = ["EXPECTED_ERRORS", "describe_error", "make_cli"]
