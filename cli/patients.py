"""The patients' commands, for trials: their keys are in a wallet folder, not in the platform."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from cli.output import Say, platform_command
from cli.records import FILE, FOLDER
from consent import ANY, Wallet, WalletUnusable
from records import Mapping, read_table
from services.platform import Platform
from services.statement import RequestedTerms
from services.trial import (
    Tally,
    enrol_people,
    erase_after,
    sign_grants,
    stop_all,
    tally,
    withdraw_all,
)

WALLET = click.option("--wallet", type=FOLDER, default=Path("wallet"), help="The patients' keys.")
PEOPLE = click.option("--person", "people", multiple=True, help="Whom; may be given again.")
EVERYBODY = click.option("--all", "everybody", is_flag=True, help="Everybody in the wallet.")
DAY_S = 86_400


@click.command()
@click.argument("folder", type=FOLDER, default=Path("wallet"))
def wallet(folder: Path) -> None:
    """Make a wallet for trials in FOLDER: it holds what the platform must never hold."""
    try:
        Wallet.create(folder)
    except WalletUnusable as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"{folder} holds a new wallet; keep it apart from the platform's home.")


@click.command()
@click.argument("table", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="What each column of the table is.")
@WALLET
@click.option("--only-good", is_flag=True, help="Enrol the people of the good rows.")
@platform_command
def enrol(platform: Platform, say: Say, table: Path, mapping: Path, **how: Any) -> None:
    """Enrol every person of TABLE as a patient, each with a key of their own."""
    rows = read_table(table, Mapping.load(mapping), how["only_good"])
    people = list(dict.fromkeys(row.person for row in rows))
    keys = open_or_create(how["wallet"])
    with say.progress() as progress:
        counted = enrol_people(platform, keys, people, progress)
    report(say, counted, "people enrolled")


@click.command()
@WALLET
@PEOPLE
@EVERYBODY
@click.option("--to", "recipient", required=True, help="Who may: study:NAME or organisation:NAME.")
@click.option("--purpose", "purposes", multiple=True, required=True, help="E.g. MLTRAINING.")
@click.option("--category", "categories", multiple=True, help="E.g. laboratory; all if absent.")
@click.option("--deny", is_flag=True, help="Forbid it, instead of allowing it.")
@click.option("--days", type=click.IntRange(1, 36_500), default=365, help="How long it lasts.")
@click.option("--data-from", default="", help="Only records from this date on.")
@click.option("--data-to", default="", help="Only records up to this date.")
@platform_command
def sign(platform: Platform, say: Say, wallet: Path, **how: Any) -> None:
    """Sign a consent for people of the wallet, and bring it to the ledger."""
    keys = Wallet.open(wallet)
    asked = RequestedTerms(
        "deny" if how["deny"] else "permit",
        how["recipient"],
        how["purposes"],
        how["categories"] or (ANY,),
        data_from=how["data_from"],
        data_to=how["data_to"],
    )
    now_s = int(platform.clock())
    ends_s = now_s + how["days"] * DAY_S
    wanted = [(one, asked, now_s, ends_s) for one in chosen(keys, how["people"], how["everybody"])]
    with say.progress() as progress:
        signed = sign_grants(platform, keys, wanted)
        outcomes = platform.ledger.grant(signed, lambda done, of: progress("signing", done, of))
    report(say, tally(outcomes), "consents in force")


@click.command()
@WALLET
@PEOPLE
@EVERYBODY
@platform_command
def withdraw(platform: Platform, say: Say, wallet: Path, **how: Any) -> None:
    """Withdraw every consent of people of the wallet, and re-key their records."""
    keys = Wallet.open(wallet)
    subjects = chosen(keys, how["people"], how["everybody"])
    with say.progress() as progress:
        counted = withdraw_all(platform, keys, subjects, progress)
        erase_after(platform, subjects, "withdrawal", progress)
    report(say, counted, "consents withdrawn")


@click.command()
@WALLET
@PEOPLE
@EVERYBODY
@platform_command
def stop(platform: Platform, say: Say, wallet: Path, **how: Any) -> None:
    """Stop everything for people of the wallet, and re-key their records."""
    keys = Wallet.open(wallet)
    subjects = chosen(keys, how["people"], how["everybody"])
    with say.progress() as progress:
        counted = stop_all(platform, keys, subjects, progress)
        erase_after(platform, subjects, "stop", progress)
    report(say, counted, "people stopped everything")


@click.command()
@WALLET
@click.option("--person", required=True, help="Whose records.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="How many lines.")
@platform_command
def uses(platform: Platform, say: Say, wallet: Path, person: str, limit: int) -> None:
    """Show who used a person's records or was refused, newest first, with proofs."""
    subject = Wallet.open(wallet).get_subject(person)
    journal = platform.store.journal
    lines = []
    for row in journal.of_subject(subject, limit):
        use = journal.use(row.use)
        when = datetime.datetime.fromtimestamp(use["at_s"], datetime.UTC).isoformat()
        lines.append(
            {
                "seq": row.seq,
                "at": when,
                "party": use["party"],
                "purpose": use["purpose"],
                "why": use["why"],
                "outcome": row.answer.outcome,
                "hash": row.hash.hex(),
                "proof": platform.store.prove(row.seq),
            }
        )
    say.result({"uses": lines})
    heads = ("line", "when", "who", "what for", "answer", "provable")
    say.table(
        heads,
        [
            (
                str(x["seq"]),
                x["at"],
                x["party"],
                x["purpose"],
                x["outcome"],
                "yes" if x["proof"] else "soon",
            )
            for x in lines
        ],
    )


def open_or_create(folder: Path) -> Wallet:
    """Return the wallet in this folder, made if there is none."""
    return Wallet.open(folder) if (folder / "seed.json").exists() else Wallet.create(folder)


def chosen(keys: Wallet, people: tuple[str, ...], everybody: bool) -> list[bytes]:
    """Return the subjects of whom a command speaks.

    Raises:
        UsageError: nobody was named, or both somebody and everybody.
    """
    if bool(people) == everybody:
        raise click.UsageError("say --person ID (as often as needed), or --all")
    return list(keys.subjects().values()) if everybody else [keys.get_subject(p) for p in people]


def report(say: Say, counted: Tally, what: str) -> None:
    """Say what became of signed messages; refusals make the command fail."""
    refused = sum(counted.refused.values())
    reasons = "; ".join(f"{count} refused: {why}" for why, count in counted.refused.items())
    say.result(
        counted.shown(),
        f"{counted.done} {what}, {counted.known} were already."
        + (f" {reasons}." if refused else ""),
    )
    if refused:
        raise click.exceptions.Exit(1)
