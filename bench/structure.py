"""Counts the structure of a source tree: lines, classes and import arrows by package."""

from __future__ import annotations

import argparse
import ast
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.duplicates import tracked_files

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("consent", "storage", "records", "models", "services", "web", "cli", "deploy")
SUFFIXES = (".py", ".mjs")


@dataclass
class PackageFigures:
    """What one package holds; arrows are pairs of modules of which one imports the other."""

    files: int = 0
    lines: int = 0
    classes: int = 0
    longest_file: int = 0
    arrows_inside: int = 0
    arrows_out: Counter[str] = field(default_factory=Counter)


def measure(tree: Path) -> dict[str, PackageFigures]:
    """Return the figures of each package in `tree`; migrations and vendored files do not count."""
    figures = {name: PackageFigures() for name in PACKAGES if (tree / name).is_dir()}
    for name in tracked_files(tree):
        path = Path(name)
        counts = path.suffix in SUFFIXES and ".min." not in name and "versions" not in path.parts
        if path.parts[0] in figures and counts:
            _count(figures[path.parts[0]], tree / path, path.parts[0])
    return figures


def _count(figures: PackageFigures, path: Path, package: str) -> None:
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    figures.files += 1
    figures.lines += lines
    figures.longest_file = max(figures.longest_file, lines)
    if path.suffix != ".py":
        return
    module = ast.parse(text)
    figures.classes += sum(isinstance(node, ast.ClassDef) for node in ast.walk(module))
    for target in _imported(module):
        head = target.partition(".")[0]
        if head == package:
            figures.arrows_inside += 1
        elif head in PACKAGES:
            figures.arrows_out[head] += 1


def _imported(module: ast.Module) -> set[str]:
    targets = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            targets.add(node.module)
    return targets


def table(figures: dict[str, PackageFigures]) -> list[str]:
    """Return the figures as a Markdown table, with a line of sums."""
    rows = ["| package | files | lines | classes | longest file | arrows inside | arrows out |"]
    rows.append("|---|---|---|---|---|---|---|")
    for name, package in figures.items():
        out = ", ".join(f"{to} {n}" for to, n in sorted(package.arrows_out.items())) or "none"
        rows.append(
            f"| {name} | {package.files} | {package.lines:,} | {package.classes} | "
            f"{package.longest_file} | {package.arrows_inside} | {out} |"
        )
    sums = figures.values()
    rows.append(
        f"| all | {sum(f.files for f in sums)} | {sum(f.lines for f in sums):,} | "
        f"{sum(f.classes for f in sums)} | {max(f.longest_file for f in sums)} | "
        f"{sum(f.arrows_inside for f in sums)} | {sum(f.arrows_out.total() for f in sums)} |"
    )
    return rows


def main() -> None:
    """Print the table of this tree, or of another checkout (`--tree DIR`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT)
    print("\n".join(table(measure(parser.parse_args().tree))))


if __name__ == "__main__":
    main()
