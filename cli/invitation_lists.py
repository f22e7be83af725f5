"""The operator's command that invites many patients at once, from a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import Output, counted, with_services
from cli.records import FILE
from records.csv_out import to_csv
from services.custodian.identity_checks import LIST_CHECKS
from services.custodian.invitation_lists import InvitationList, InvitationLists, ListConfirmation
from services.custodian.people_lists import MAX_LIST_BYTES
from services.errors import Invalid
from services.operator import OPERATOR
from services.words import LANGUAGES, Words

if TYPE_CHECKING:
    from services.wiring import Services


@click.command("invite-list")
@click.argument("path", type=FILE)
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of the letters.")
@click.option(
    "--identity",
    type=click.Choice(LIST_CHECKS),
    help="How everybody's identity was checked; without it nobody is invited.",
)
@click.option("--new-patients", is_flag=True, help="Invite also those without stored records.")
@click.option("--replace-links", is_flag=True, help="Invite again who has a link that works.")
@click.option("--send-mails", "mails", is_flag=True, help="Send the links to the addresses.")
@with_services
def invite_list(services: Services, output: Output, path: Path, **options: Any) -> None:
    """Invite the patients of a CSV file (number, email, name, language), at most 1,000.

    Without --identity the list is only checked. The links are written as CSV to stdout; they are
    secrets. The letters are at the page of the list.

    Who has an earlier link that still works is left out, unless --replace-links ends that link.

    Exit codes: 0 everybody on the list is invited, can be invited or has an account; 3 a line is
    wrong, or people without records or with an earlier link were left out; 2 nobody is invited.
    """
    lists, words = services.custodian.lists, Words("en")
    content = _read(path)
    checked = lists.check(words, content, options["language"], by=OPERATOR)
    if options["identity"] is None:
        lists.delete(checked.id, by=OPERATOR)
        _show_list(output, words, checked)
        if checked.problems:
            output.end_incomplete()
        return
    confirmed = _confirmed(lists, checked, options)
    people = [asdict(each) for each in confirmed.invited]
    rows = to_csv(confirmed.link_rows(words), "\n").rstrip()
    output.result({"list": confirmed.id, "people": people}, rows)
    origin = services.installation.site.origin
    invited = counted(len(confirmed.invited), "person is", "people are")
    output.note(f"{invited} invited. Print the letters within a day:")
    output.note(f"{origin}/custodian/patients/lists/{confirmed.id}/letters")
    _show_left_out(output, confirmed)


def _confirmed(
    lists: InvitationLists, checked: InvitationList, options: Mapping[str, Any]
) -> InvitationList:
    """Return the list with its links; one that cannot be confirmed is deleted."""
    confirmation = ListConfirmation(
        identity=options["identity"],
        new_patients=options["new_patients"],
        replace_links=options["replace_links"],
        mails=options["mails"],
    )
    try:
        return lists.invite(Words("en"), checked.id, confirmation, by=OPERATOR)
    except Invalid:
        lists.delete(checked.id, by=OPERATOR)
        raise


def _show_list(output: Output, words: Words, checked: InvitationList) -> None:
    """Print what a list would do: each person's state, each wrong line with its cause."""
    document = {
        "people": [{"line": each.line, "state": each.state} for each in checked.people],
        "problems": [{"line": each.line, "problem": each.fault} for each in checked.problems],
    }
    output.result(document)
    rows = [(str(each.line), words(f"list-state-{each.state}")) for each in checked.people]
    rows += [(str(each.line), words(f"list-fault-{each.fault}")) for each in checked.problems]
    output.table(("line", "what happens"), sorted(rows, key=lambda row: int(row[0])))
    output.note("Nobody is invited yet. Repeat the command with --identity to invite them.")


def _show_left_out(output: Output, confirmed: InvitationList) -> None:
    """Say who got no link; who has no account and was left out makes it no success."""
    if confirmed.joined:
        joined = counted(
            len(confirmed.joined),
            "has an account already and is",
            "have an account already and are",
        )
        output.note(f"{joined} not invited.")
    new = [str(person.line) for person in confirmed.new if not person.link]
    if new:
        output.note(f"No records are stored for the people in these lines: {', '.join(new)}.")
        output.note("They are not invited. List them alone, with --new-patients if they are new.")
    linked = [str(person.line) for person in confirmed.linked]
    if linked:
        output.note(f"An earlier link works for the people in these lines: {', '.join(linked)}.")
        output.note("They are not invited again. With --replace-links that link stops working.")
    if new or linked:
        output.end_incomplete()


def _read(path: Path) -> bytes:
    """Return a file's content; of a longer one only so much that it is refused."""
    with path.open("rb") as file:
        return file.read(MAX_LIST_BYTES + 1)
