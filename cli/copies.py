"""The commands of a researcher's own computer: a key pair for copies, and opening a copy."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.output import Clock, Output, without_services
from cli.records import FILE, TARGET
from models.sealed_copy import fingerprint, make_key_pair
from models.sealed_copy import open_copy as open_sealed

_OWNER_ONLY = 0o600


@click.command()
@click.option("--to", "target", type=TARGET, default=Path("copy.key"), help="The file to write.")
@without_services
def make_copy_key(clock: Clock, output: Output, target: Path) -> None:
    """Make the key pair of a study's pseudonymised copies, on your own computer.

    The private key is written to a file that only you can read, and never leaves it; an existing
    file stays as it is. Enter the public key when you propose the study.
    """
    private, public = make_key_pair()
    _write_new(target, f"{private}\n".encode())
    output.result(
        {"public_key": public, "fingerprint": fingerprint(public), "file": str(target)},
        f"Public key: {public}",
        f"Fingerprint: {fingerprint(public)}",
        f"The private key is in {target}. Without it nobody can open a copy. Keep a backup.",
    )


@click.command()
@click.argument("file", type=FILE)
@click.option("--key", type=FILE, default=Path("copy.key"), help="The file of the private key.")
@click.option("--to", "target", type=TARGET, help="The ZIP to write; else FILE.zip.")
@without_services
def open_copy(clock: Clock, output: Output, file: Path, key: Path, target: Path | None) -> None:
    """Decrypt the pseudonymised copy in FILE, as it was downloaded, into a new ZIP.

    It holds exact values of people: keep it as you keep records with names.
    """
    opened = open_sealed(file.read_bytes(), key.read_text())
    path = target or file.with_suffix(".zip")
    _write_new(path, opened.content)
    head = opened.head
    output.result(
        {**head, "file": str(path)},
        f"The copy of {head['study']} is in {path}.",
        f"Agreement: {head['agreement']}. Delete every copy by {head['ends_on']}.",
    )


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; an existing one is an error."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
