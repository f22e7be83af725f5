"""Trains the model again without ever having the withdrawn records: prints its SHA-256."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from models import Budget, Manifest, Question, recompute
from records import Mapping, read_table
from storage import Record

NOBODY = b"\0" * 32


def main() -> None:
    """Read the request, a JSON object, from standard input; print the model's SHA-256.

    Its fields are table, mapping, question, study, budget, manifest and names.

    `names` maps each manifest line's record to (person, index of the document in the row). The
    table holds the people who remain and no others.
    """
    request = orjson.loads(sys.stdin.buffer.read())
    rows = read_table(Path(request["table"]), Mapping.load(Path(request["mapping"])))
    documents = {row.person: row.records(NOBODY) for row in rows}
    records: dict[str, Record] = {}
    for name, (person, index) in request["names"].items():
        records[name] = documents[person][index]
    manifest = Manifest.from_json(request["manifest"].encode())
    budget = Budget.of_card(request["budget"])
    question = Question.parse(request["question"], "the model's question")
    sys.stdout.write(recompute(manifest, records, question, request["study"], budget) + "\n")


if __name__ == "__main__":
    main()
