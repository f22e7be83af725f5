"""Stores, on the patients' side, the grants that they signed and the receipts they got."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from consent import Grant, Signed, Terms


class PatientFiles:
    """Two append-only files: signed grants, so that a repeat sends the same ones, and receipts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signed = folder / "signed.ndjson"
        self._receipts = folder / "receipts.ndjson"

    def signed(self) -> list[tuple[str, Signed]]:
        """Return label and grant of everything that was signed."""
        return [(line["label"], _grant_of(line)) for line in _lines(self._signed)]

    def add_grants(self, grants: Iterable[tuple[str, Signed]]) -> None:
        """Store grants before they are sent."""
        _append(self._signed, [_line_of(label, grant) for label, grant in grants])

    def add_receipts(self, receipts: Iterable[dict[str, Any]]) -> None:
        """Store what the platform has acknowledged."""
        _append(self._receipts, receipts)

    def receipts(self) -> list[dict[str, Any]]:
        """Return everything that was acknowledged."""
        return list(_lines(self._receipts))


def _append(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):  # a crash cut this line short, and nothing relied on it
                yield orjson.loads(line)


def _line_of(label: str, signed: Signed) -> dict[str, Any]:
    grant = signed.message
    assert isinstance(grant, Grant)  # noqa: S101 - nothing else is stored here
    terms = asdict(grant.terms)
    terms |= {"policy_hash": grant.terms.policy_hash.hex(), "salt": grant.terms.salt.hex()}
    return {
        "label": label,
        "subject": grant.subject.hex(),
        "terms": terms,
        "signed_at_s": grant.signed_at_s,
        "not_after_s": grant.not_after_s,
        "signer": signed.signer.hex(),
        "signature": signed.signature.hex(),
    }


def _grant_of(line: dict[str, Any]) -> Signed:
    fields = line["terms"]
    lists = ("purposes", "categories", "records", "obligations")
    terms = Terms(
        **fields
        | {name: tuple(fields[name]) for name in lists}
        | {name: bytes.fromhex(fields[name]) for name in ("policy_hash", "salt")}
    )
    subject = bytes.fromhex(line["subject"])
    grant = Grant(subject, terms, line["signed_at_s"], line["not_after_s"])
    return Signed(grant, bytes.fromhex(line["signer"]), bytes.fromhex(line["signature"]))
