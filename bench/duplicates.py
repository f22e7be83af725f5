"""Finds places of a tree that share six or more equal lines; tests and imports do not count."""

from __future__ import annotations

import argparse
import ast
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = (".py", ".mjs", ".html", ".css", ".sol", ".js", ".ftl")
LEFT_OUT = {"tests", "test", "versions", "vendor", "docs"}
MIN_LINES = 6

Place = tuple[str, int]


def tracked_files(tree: Path) -> list[str]:
    """Return the files that git tracks in `tree`."""
    command = ["git", "ls-files"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.splitlines()


def lines_of(tree: Path) -> dict[str, list[tuple[int, str]]]:
    """Return (number, text) of each line that is not blank, by file."""
    files = {}
    for name in tracked_files(tree):
        path = Path(name)
        if path.suffix in SUFFIXES and not LEFT_OUT & set(path.parts) and ".min." not in name:
            text = (tree / path).read_text(encoding="utf-8")
            skipped = _imports(text) if path.suffix == ".py" else set()
            files[name] = [
                (number, line.strip())
                for number, line in enumerate(text.splitlines(), 1)
                if line.strip() and number not in skipped
            ]
    return files


def _imports(text: str) -> set[int]:
    """Return the numbers of a module's lines that import names, or list those it exports."""
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        names = [getattr(target, "id", "") for target in getattr(node, "targets", [])]
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Assign) and "__all__" in names
        ):
            numbers |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return numbers


def duplicates(tree: Path, min_lines: int = MIN_LINES) -> list[tuple[Place, Place, int]]:
    """Return (place, other place, lines) of each longest run that two places share."""
    files = lines_of(tree)
    windows: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in files.items():
        for index in range(len(lines) - min_lines + 1):
            window = tuple(text for _, text in lines[index : index + min_lines])
            windows[window].append((name, index))
    runs = []
    pairs = {
        (first, second)
        for places in windows.values()
        for position, first in enumerate(places)
        for second in places[position + 1 :]
    }
    for first, second in sorted(pairs):
        earlier = (first[0], first[1] - 1), (second[0], second[1] - 1)
        if earlier in pairs:
            continue  # the run began a line before
        length = min_lines
        while (
            (first[0], first[1] + length - min_lines + 1),
            (second[0], second[1] + length - min_lines + 1),
        ) in pairs:
            length += 1
        runs.append((_place(files, first), _place(files, second), length))
    return sorted(runs, key=lambda run: -run[2])


def _place(files: dict[str, list[tuple[int, str]]], at: tuple[str, int]) -> Place:
    name, index = at
    return name, files[name][index][0]


def main() -> None:
    """Print each pair of places, the longest first, and their number (`--tree DIR`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT)
    runs = duplicates(parser.parse_args().tree)
    for (name, line), (other, other_line), length in runs:
        print(f"{length} lines: {name}:{line} and {other}:{other_line}")
    print(f"{len(runs)} pairs of places share {MIN_LINES} or more equal lines")


if __name__ == "__main__":
    main()
