"""Reads the published vectors of tests/vectors/wycheproof."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors" / "wycheproof"


def read_cases(name: str) -> list[dict[str, Any]]:
    """Return every case of a file; what is hexadecimal is still text."""
    cases: list[dict[str, Any]] = json.loads(
        lzma.decompress((FOLDER / f"{name}.json.xz").read_bytes())
    )
    return cases


def hexed(case: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]
