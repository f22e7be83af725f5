"""Checks the proofs that the record store gives for journal rows."""

from __future__ import annotations

from typing import Any

from storage.merkle import Proof, proves


def proves_row(row_hash: bytes, proof: dict[str, Any]) -> bool:
    """Return whether a proof from `RecordStore.prove` leads from a row to its anchored root."""
    path = tuple(bytes.fromhex(sibling) for sibling in proof["path"])
    root = bytes.fromhex(proof["root"])
    return proves(Proof(proof["index"], proof["size"], path), row_hash, root)
