"""The auditor's commands: verify everything, export the evidence, accept lost rows, status."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from cli.output import Output, counted, with_services
from cli.records import FILE, FOLDER
from services.dates import iso_time
from services.errors import Invalid
from storage import BlockFolder

if TYPE_CHECKING:
    from services.auditor.service import AuditorService
    from services.wiring import Services

_LINES_A_REPORT: Final = 5_000


@click.command()
@click.option("--blocks", type=FOLDER, help="Check this copy: the folder of `export --blocks`.")
@with_services
def verify(services: Services, output: Output, blocks: Path | None) -> None:
    """Verify ledger, mirror, catalogue, blocks, journal, manifests and cards."""
    folder = BlockFolder(blocks / "blocks") if blocks else None
    if folder is not None:
        folder.version()
    with output.progress() as progress:
        findings = services.auditor.verify(progress, folder)
    listed = [
        {"part": f.part, "code": f.code, "what": f.message, "where": f.where} for f in findings
    ]
    output.result(
        {"agrees": not findings, "findings": listed},
        "No differences." if not findings else f"{counted(len(findings), 'finding')}.",
    )
    if findings:
        output.table(("part", "what", "where"), [(f.part, f.message, f.where) for f in findings])
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--blocks", is_flag=True, help="Copy the sealed documents too, to FOLDER/blocks.")
@with_services
def export(services: Services, output: Output, folder: Path, blocks: bool) -> None:
    """Write the evidence to FOLDER: what a third party needs to verify everything.

    It contains patients' terms, so the file can be read by its owner alone.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    auditor, copied = services.auditor, 0
    if blocks:  # before the evidence too: a withdrawal meanwhile deletes what it still names
        with output.progress() as progress:
            copied = auditor.copy_blocks(folder / "blocks", progress)
    path = folder / "evidence.ndjson"
    count = _write_evidence(path, auditor, output)
    facts, lines = {"lines": count}, [f"{counted(count, 'line')} in {path}"]
    if blocks:
        with output.progress() as progress:
            copied += auditor.copy_blocks(folder / "blocks", progress, only_missing=True)
        facts["blocks"] = copied
        lines.append(f"{counted(facts['blocks'], 'sealed document')} in {folder / 'blocks'}")
    output.result(facts, *lines)


def _write_evidence(path: Path, auditor: AuditorService, output: Output) -> int:
    """Write the evidence to a file, which is whole or as it was; return the number of lines."""
    half, count = path.with_suffix(".half"), 0
    try:
        half.touch(mode=0o600)
        half.chmod(0o600)
        with half.open("wb") as file, output.progress() as progress:
            for line in auditor.evidence():
                file.write(orjson.dumps(line) + b"\n")
                count += 1
                if not count % _LINES_A_REPORT:
                    progress("writing lines", count, 0)
            file.flush()
            os.fsync(file.fileno())
            progress("writing lines", count, count)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return count


@click.command("check-receipt")
@click.argument("receipt", type=FILE)
@click.option("--key", help="The public key (hex) of another installation; else this one's.")
@with_services
def check_receipt(services: Services, output: Output, receipt: Path, key: str | None) -> None:
    """Check the signed RECEIPT of an erasure, the JSON file that patients download."""
    try:
        document, public_key = orjson.loads(receipt.read_bytes()), bytes.fromhex(key or "")
    except ValueError as exc:
        raise Invalid(f"{receipt.name} is not JSON, or the key is not hex. Check both.") from exc
    check = services.auditor.check_receipt(document, public_key or None)
    facts = {"valid": check.is_valid, "what": check.what, "at_s": check.at_s}
    at = iso_time(check.at_s)
    output.result(
        facts | {"blocks": check.blocks},
        f"{'Valid' if check.is_valid else 'NOT VALID'}: {check.what} at {at}, "
        f"{counted(check.blocks, 'block')} deleted.",
    )
    if not check.is_valid:
        raise click.exceptions.Exit(1)


@click.command("accept-loss")
@click.option("--yes", is_flag=True, help="Accept the loss; without this, only report it.")
@with_services
def accept_loss(services: Services, output: Output, yes: bool) -> None:
    """Accept that anchored journal rows are permanently lost, as after a fire.

    First look for a newer copy of the database: with one, nothing is lost. A permanent row records
    the loss, and every verification reports it. Until it is accepted, nothing is released.
    """
    operator = services.operator
    missing = operator.find_missing_rows()
    if missing is None:
        output.result({"gone": 0, "done": False}, "No anchored journal row is missing.")
        return
    facts = {"gone": missing.count, "done": yes}
    if not yes:
        rows = counted(missing.count, "anchored journal row is", "anchored journal rows are")
        span = f"({missing.first} to {missing.last})"
        output.result(facts, f"{rows} missing {span}. Pass --yes to accept the loss.")
        raise click.exceptions.Exit(1)
    row = operator.accept_missing_rows()
    output.result(facts | {"row": row}, f"The journal continues at row {row}.")


@click.command()
@click.option("--confirm", is_flag=True, help="Accept the restored copy; without this, report it.")
@click.option("--evidence", type=FILE, help="A later evidence.ndjson, which names what was ended.")
@with_services
def restore(services: Services, output: Output, confirm: bool, evidence: Path | None) -> None:
    """Go on after an older copy of database or chain was restored.

    Until it is confirmed, nothing is released. Afterwards each permission counts only once its
    patient has signed it again. With the evidence, what was withdrawn since the copy has ended, and
    only people who permitted or refused anything since must sign again.
    """
    operator = services.operator
    fault = operator.find_restore()
    if fault is None:
        output.result({"restored": False, "done": False}, "No older copy was restored.")
        return
    if not confirm:
        output.result({"restored": True, "done": False}, f"{fault}. Pass --confirm to go on.")
        raise click.exceptions.Exit(1)
    result = operator.confirm_restore(_lines(evidence) if evidence else None)
    output.result(
        {"restored": True, "done": True}
        | {"suspended": result.suspended, "revocations": result.revocations},
        f"{counted(result.suspended, 'permission waits', 'permissions wait')} for a new signature; "
        f"{counted(result.revocations, 'withdrawal or stop was', 'withdrawals and stops were')} "
        f"taken from the evidence.",
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


@click.command()
@with_services
def status(services: Services, output: Output) -> None:
    """Show the status of ledger, record store and models."""
    state = services.operator.status()
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
    output.result(
        facts,
        f"ledger: {counted(view.count, 'change')} at block {view.block_number} "
        f"of chain {view.chain_id}",
        f"enrolled: {counted(state.enrolled, 'patient')}",
        f"store: {counted(state.records, 'record')} of {counted(state.subjects, 'patient')}, "
        f"{counted(state.journal_rows, 'journal row')}",
        f"models: {state.models}",
    )
