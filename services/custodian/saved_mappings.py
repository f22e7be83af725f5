"""The mappings of tables that a custodian saved under a name, for the next table of that shape."""

from __future__ import annotations

from pathlib import Path

from records import DeclarationInvalid, Mapping, TableInvalid, compare_header

FOLDER = "mappings"
"""In the home of the installation."""


def list_saved(home: Path) -> dict[str, Path]:
    """Return the files of the saved mappings by name, in the order of their names."""
    return {path.stem: path for path in sorted((home / FOLDER).glob("*.toml"))}


def find_fitting(home: Path, table: Path, party: str) -> dict[str, Mapping]:
    """Return the saved mappings that fit the header of a table exactly, by name.

    One that is invalid, or names another custodian than `party`, fits no table.
    """
    saved = {name: _load(path) for name, path in list_saved(home).items()}
    return {
        name: mapping
        for name, mapping in saved.items()
        if mapping is not None and mapping.custodian in ("", party) and _fits(table, mapping)
    }


def _load(path: Path) -> Mapping | None:
    try:
        return Mapping.load(path)
    except DeclarationInvalid:
        return None


def _fits(table: Path, mapping: Mapping) -> bool:
    try:
        return not compare_header(table, mapping)
    except TableInvalid:  # it is written in another way than the mapping says
        return False
