"""The command line: one more face beside the pages and the API, with the same calls and errors."""

from __future__ import annotations

import click

from cli.audit import accept_loss, export, status, verification
from cli.output import FAULTS, Faults, Opener, Session, told_in_a_line
from cli.patients import enrol, sign, stop, uses, wallet, withdraw
from cli.people import invite
from cli.records import deposit
from cli.studies import card, gather, models, predict, question, retrain, study, train
from cli.tokens import token

COMMANDS = (
    *(wallet, enrol, deposit, sign, withdraw, stop, uses),
    *(question, study, gather, train, models, card, predict, retrain),
    *(verification, export, status, accept_loss, token, invite),
)


def make_cli(opener: Opener, faults: Faults = ()) -> click.Group:
    """Return the group of all commands; each opens the platform with `opener` when it is run.

    `faults` are what `opener` raises, to be told in a line as the packages' own errors are.

    Exit codes: 0 done, 1 refused or failed, 2 asked wrongly.
    """

    @click.group(context_settings={"help_option_names": ["-h", "--help"]})
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Sealed records, signed consents, models that learn only from what is permitted.

        Without a command, the platform itself is started on http://localhost:8000.
        """
        context.obj = Session(opener, faults)

    for command in COMMANDS:
        cli.add_command(command)
    return cli


__all__ = ["FAULTS", "make_cli", "told_in_a_line"]
