"""Trains the model anew as someone who never had the withdrawn records: prints its SHA-256."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from models import Manifest, Question, recompute
from records import Mapping, read_table
from storage import Record

NOBODY = b"\0" * 32


def main() -> None:
    """Read {table, mapping, question, manifest, names} from stdin; print the model's SHA-256.

    `names` maps each manifest line's record to (person, place of the document in the row). The
    table holds the people who remain, and nobody else.
    """
    told = orjson.loads(sys.stdin.buffer.read())
    rows = read_table(Path(told["table"]), Mapping.load(Path(told["mapping"])))
    documents = {row.person: row.records(NOBODY) for row in rows}
    records: dict[str, Record] = {}
    for name, (person, place) in told["names"].items():
        records[name] = documents[person][place]
    manifest = Manifest.from_json(told["manifest"].encode())
    question = Question.parse(told["question"], "the model's question")
    sys.stdout.write(recompute(manifest, records, question) + "\n")


if __name__ == "__main__":
    main()
