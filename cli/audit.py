"""The auditor's commands: verify everything, export the evidence, accept lost rows, status."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from cli.output import Say, platform_command
from cli.records import FOLDER
from services.platform import Platform
from services.wiring import build_services
from storage import BlockFolder


@click.command("verify")
@click.option("--blocks", type=FOLDER, help="Check the blocks of this copy of Kubo's repository.")
@platform_command
def verification(platform: Platform, say: Say, blocks: Path | None) -> None:
    """Verify ledger, mirror, catalogue, blocks, journal, manifests and cards."""
    folder = BlockFolder(blocks / "blocks") if blocks else None
    if folder is not None:
        folder.version()
    with say.progress() as progress:
        findings = build_services(platform).auditor.verify(progress, folder)
    listed = [
        {"part": f.part, "code": f.code, "what": f.message, "where": f.where} for f in findings
    ]
    say.result(
        {"agrees": not findings, "findings": listed},
        "No differences." if not findings else f"{len(findings)} findings.",
    )
    if findings:
        say.table(("part", "what", "where"), [(f.part, f.message, f.where) for f in findings])
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("folder", type=FOLDER)
@platform_command
def export(platform: Platform, say: Say, folder: Path) -> None:
    """Write the evidence to FOLDER: what a third party needs to verify everything."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder / "evidence.ndjson").open("wb") as file:
        for line in build_services(platform).auditor.evidence():
            file.write(orjson.dumps(line) + b"\n")
            count += 1
    say.result({"lines": count}, f"{count} lines in {folder / 'evidence.ndjson'}")


@click.command("accept-loss")
@click.option("--yes", is_flag=True, help="Accept the loss; without this, only report it.")
@platform_command
def accept_loss(platform: Platform, say: Say, yes: bool) -> None:
    """Accept that anchored journal rows are permanently lost, as after a fire.

    First look for a newer copy of the database: with one, nothing is lost. A permanent row records
    the loss, and every verification reports it. Until it is accepted, nothing is released.
    """
    operator = build_services(platform).operator
    missing = operator.find_missing_rows()
    if missing is None:
        say.result({"gone": 0, "done": False}, "No anchored journal row is missing.")
        return
    facts = {"gone": missing.count, "done": yes}
    if not yes:
        rows = f"{missing.count} anchored journal rows ({missing.first} to {missing.last})"
        say.result(facts, f"{rows} are missing. Pass --yes to accept the loss.")
        raise click.exceptions.Exit(1)
    row = operator.accept_missing_rows()
    say.result(facts | {"row": row}, f"The journal continues at row {row}.")


@click.command()
@platform_command
def status(platform: Platform, say: Say) -> None:
    """Show the status of ledger, record store and models."""
    state = build_services(platform).operator.status()
    view = state.view
    facts = {
        "ledger": {
            "contract": view.contract,
            "chain_id": view.chain_id,
            "block": view.block_number,
            "count": view.count,
            "head": view.head.hex(),
            "finality": state.finality,
        },
        "enrolled": state.enrolled,
        "subjects": state.subjects,
        "store": state.ipfs_version,
        "records": state.records,
        "batches": state.batches,
        "journal": state.journal_rows,
        "models": state.models,
        "development": state.is_development,
    }
    say.result(
        facts,
        f"ledger: {view.count} changes at block {view.block_number} of chain {view.chain_id}",
        f"enrolled: {state.enrolled} patients",
        f"store: {state.records} records of {state.subjects} patients, "
        f"{state.journal_rows} journal rows",
        f"models: {state.models}",
    )
