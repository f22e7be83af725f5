"""Writes every vector of the envelope: one file, one case, named by what is wrong in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contents
import opening
import sending
import wrapping

Vector = dict[str, Any]


def vectors() -> Iterator[tuple[str, str, Vector]]:
    """Yield (folder, name, vector)."""
    for folder, cases in (
        ("open", opening.cases()),
        ("wrap", wrapping.cases()),
        ("send", sending.cases()),
        ("content", contents.cases()),
    ):
        for name, vector in cases:
            yield folder, name, vector


def main() -> int:
    """Write them below the folder given, or beside this file; an older set is replaced."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for old in target.glob("*/*.json"):
        old.unlink()
    for folder, name, vector in vectors():
        path = target / folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # a name given twice is a mistake
            json.dump(vector, file, indent=1, ensure_ascii=True)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
