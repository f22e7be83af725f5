"""Resources leave byte for byte as a vendor sent them, in canonical form.

vendor.json was written by hand: long decimals, extensions of primitives, escapes, and a narrative
with entities. vendor.ndjson is what docs/spec/document.md makes of it, written by hand too.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from memory_store import Custodian, send

from records.fhir_out import to_ndjson

VECTORS = Path(__file__).parents[2] / "vectors" / "fhir"
SENT = (VECTORS / "vendor.json").read_bytes()
LEAVING = (VECTORS / "vendor.ndjson").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    "write",
    [bytes, gzip.compress, lambda body: b" ".join(body.split(b"\n"))],
    ids=["lines", "gzip", "one-line"],
)
def test_digits_extensions_of_primitives_and_narrative_leave_as_they_were_sent(
    tmp_path: Path, write: Callable[[bytes], bytes]
) -> None:
    custodian = Custodian(tmp_path)
    assert send(custodian, write(SENT)).counts()["stored"] == 2
    leaving = sorted(to_ndjson(custodian.stored("V-100")))
    assert leaving == sorted(LEAVING)
    # What left can come back: nothing of it was lost or changed.
    assert send(custodian, b"".join(leaving)).counts()["same"] == 2
