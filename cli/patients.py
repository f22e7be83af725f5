"""The patients' commands, for trials: their keys are in a wallet folder on the patients' side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import Clock, Output, counted, with_services, without_services
from cli.records import FILE, FOLDER, MAPPING
from cli.trial_wallet import Tally, TrialWallet
from consent import ANY, DAY_S, Wallet
from records import Mapping, read_table
from services.dates import day_of, iso_time
from services.parties import ORGANISATION_PREFIX, STUDY_PREFIX
from services.statement import RequestedTerms, terms_for

if TYPE_CHECKING:
    from services.wiring import Services

WALLET = click.option(
    "--wallet", type=FOLDER, default=Path("wallet"), help="The folder of the patients' keys."
)
PEOPLE = click.option(
    "--person", "people", multiple=True, help="A person's hospital number; repeatable."
)
ALL = click.option("--all", "everybody", is_flag=True, help="Every person in the wallet.")


@click.command()
@click.argument("folder", type=FOLDER, default=Path("wallet"))
@without_services
def wallet(_: Clock, output: Output, folder: Path) -> None:
    """Create a wallet for trials in FOLDER; it contains patients' keys."""
    Wallet.create(folder)
    output.result(
        {"folder": str(folder)},
        f"Created a wallet in {folder}. Keep it apart from the platform's home.",
    )


@click.command()
@click.argument("table", type=FILE)
@MAPPING
@WALLET
@click.option("--only-good", is_flag=True, help="Enrol the people of the good rows only.")
@with_services
def enrol(services: Services, output: Output, table: Path, mapping: Path, **options: Any) -> None:
    """Enrol every person of TABLE as a patient, each with a key of their own."""
    today = day_of(services.installation.clock())
    rows = read_table(table, Mapping.load(mapping), options["only_good"], today)
    people = list(dict.fromkeys(row.person for row in rows))
    keys = _open_or_create(options["wallet"])
    keys.new_subjects(people, services.custodian.subjects.assign(people, keys.subjects()))
    with output.progress() as progress:
        tally = _trial_wallet(services, keys).enrol(people, progress)
    enrolled = counted(tally.done, "person", "people")
    _print_tally(output, tally, f"Enrolled {enrolled} ({tally.already} already enrolled).")


@click.command()
@WALLET
@PEOPLE
@ALL
@click.option("--to", "recipient", required=True, help="study:NAME or organisation:NAME.")
@click.option("--purpose", "purposes", multiple=True, required=True, help="E.g. MLTRAINING.")
@click.option("--category", "categories", multiple=True, help="E.g. laboratory; default: all.")
@click.option("--deny", is_flag=True, help="Forbid it instead of permitting it.")
@click.option("--days", type=click.IntRange(1, 36_500), default=365, help="Days until it ends.")
@click.option("--data-from", default="", help="Only records from this date on.")
@click.option("--data-to", default="", help="Only records up to this date.")
@with_services
def sign(services: Services, output: Output, wallet: Path, **options: Any) -> None:
    """Sign a consent for people of the wallet, and send it to the ledger."""
    keys = Wallet.open(wallet)
    terms = RequestedTerms(
        "deny" if options["deny"] else "permit",
        options["recipient"],
        options["purposes"],
        options["categories"] or (ANY,),
        data_from=options["data_from"],
        data_to=options["data_to"],
    )
    # Before the statement is written, which has words for valid codes and dates only.
    terms_for(terms, "")
    if not terms.recipient.startswith((STUDY_PREFIX, ORGANISATION_PREFIX, ANY)):
        raise click.UsageError(f"--to is {terms.recipient}: name study:NAME or organisation:NAME")
    now_s = int(services.installation.clock())
    ends_s = now_s + options["days"] * DAY_S
    grants = [(subject, terms, now_s, ends_s) for subject in _subjects(keys, options)]
    with output.progress() as progress:
        tally = _trial_wallet(services, keys).grant(grants, progress)
    consents = counted(tally.done, "consent is", "consents are")
    already = counted(tally.already, "already was", "already were")
    _print_tally(output, tally, f"{consents} in force ({already}).")


@click.command()
@WALLET
@PEOPLE
@ALL
@with_services
def withdraw(services: Services, output: Output, wallet: Path, **options: Any) -> None:
    """Withdraw every consent of people of the wallet, and re-encrypt their records."""
    keys = Wallet.open(wallet)
    subjects = _subjects(keys, options)
    with output.progress() as progress:
        tally = _trial_wallet(services, keys).withdraw(subjects, progress)
        services.operator.rekey(subjects, "withdrawal", progress)
    consents = counted(tally.done, "consent")
    _print_tally(output, tally, f"Withdrew {consents} ({tally.already} already withdrawn).")


@click.command()
@WALLET
@PEOPLE
@ALL
@with_services
def stop(services: Services, output: Output, wallet: Path, **options: Any) -> None:
    """End all permissions of people of the wallet, and re-encrypt their records."""
    keys = Wallet.open(wallet)
    subjects = _subjects(keys, options)
    with output.progress() as progress:
        tally = _trial_wallet(services, keys).stop(subjects, progress)
        services.operator.rekey(subjects, "stop", progress)
    people = counted(tally.done, "person", "people")
    line = f"Stopped all use for {people} ({tally.already} already stopped)."
    _print_tally(output, tally, line)


@click.command()
@WALLET
@click.option("--person", required=True, help="The person's hospital number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="How many uses.")
@with_services
def uses(services: Services, output: Output, wallet: Path, person: str, limit: int) -> None:
    """Show who used a person's records or was refused, newest first, with proofs."""
    subject = Wallet.open(wallet).get_subject(person)
    party = services.installation.organisation
    uses = services.custodian.subjects.uses_of(party, subject, limit, None).uses
    rows = [
        {
            "seq": use.seq,
            "at": iso_time(use.at_s),
            "party": use.party,
            "purpose": use.purpose,
            "why": use.why,
            "outcome": use.outcome,
            "hash": use.hash.hex(),
            "proof": use.proof,
        }
        for use in uses
    ]
    output.result({"uses": rows})
    output.table(
        ("row", "time", "party", "purpose", "outcome", "anchored"),
        [
            (
                str(use.seq),
                iso_time(use.at_s),
                use.party,
                use.purpose,
                use.outcome,
                "yes" if use.proof else "not yet",
            )
            for use in uses
        ],
    )


def _trial_wallet(services: Services, keys: Wallet) -> TrialWallet:
    return TrialWallet(keys, services.ledger, services.installation.clock)


def _open_or_create(folder: Path) -> Wallet:
    return Wallet.open(folder) if (folder / "seed.json").exists() else Wallet.create(folder)


def _subjects(keys: Wallet, options: dict[str, Any]) -> list[bytes]:
    """Return the subjects that --person or --all name.

    Raises:
        UsageError: neither option is given, or both are.
    """
    if bool(options["people"]) == options["everybody"]:
        raise click.UsageError("pass --person ID (repeatable) or --all")
    if options["everybody"]:
        return list(keys.subjects().values())
    return [keys.get_subject(person) for person in options["people"]]


def _print_tally(output: Output, tally: Tally, line: str) -> None:
    """Print what the ledger answered; refusals make the command fail."""
    reasons = "; ".join(f"{count} refused: {why}" for why, count in tally.refused.items())
    output.result(tally.to_json(), f"{line} {reasons}." if reasons else line)
    if reasons:
        raise click.exceptions.Exit(1)
