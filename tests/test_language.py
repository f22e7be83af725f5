"""Holds the language of code, messages and documents: plain English, standard terms, error form."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("consent", "storage", "records", "models", "services", "web", "cli", "deploy", "bench")

BANNED_PHRASES = {
    r"\banew\b": "again",
    r"\bwhoever\b": "anyone who, the person who",
    r"\bwhomever\b": "anyone whom",
    r"\bfor ever\b": "permanently",
    r"\bno more\b(?! than)": "no longer",
    r"\bof old\b": "earlier, existing",
    r"\b(?:is|are|was|were|stays?) away\b": "unavailable",
    r"\bin one breath\b": "in one transaction",
    r"\blately\b": "recently",
    r"\bsisters?\b": "sibling",
    r"\bstands? (?:there|here|in|on|written|twice|alone|behind|beside)\b": "is",
    r"\bas (?:it|they) stands?\b": "as is",
    r"\b(?:printable|so many|\d{2,}) (?:signs|letters)\b": "characters",
    r"\bnothing is good\b": "an empty list means no problems",
    r"\b(?:tell|tells) nobody\b": "do nothing",
    r"\bhear(?:s)? (?:nothing|of)\b": "receives",
    r"\basked wrongly\b|\bbadly asked\b": "invalid",
    r"\bof ours\b": "our",
    r"\bmakes? no sense\b": "is invalid",
    r"\bcounts? no (?:more|longer)\b": "has expired, is revoked",
    r"\bopens nothing\b": "is not registered",
    r"\bis no (?:id|number|date|word|patient)\b": "is not a …",
}
"""Words and turns that nobody in the field uses, each with what to write in its place."""

FORMER_NAMES = {r"\bthe law\b|\bthe safe\b": "the ledger, the record store"}
"""What code and documents called two of our parts; on pages, the law is the law."""

BANNED_NAMES = {
    *("one", "told", "held", "asked", "found", "said", "kept", "gone", "wanted", "shown"),
    *("brought", "wanted_by", "as_told"),
}
"""Identifiers that say nothing about what they hold, or participles used as nouns."""


def _files(*suffixes: str) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            skipped = {"node_modules", "versions", "vendor", "out", "cache"} & set(path.parts)
            if path.suffix in suffixes and not skipped:
                yield path


def _where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of what a person reads: comments and strings of code, or every line."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line


ANY_PHRASE = re.compile("|".join(f"(?:{p})" for p in BANNED_PHRASES | FORMER_NAMES), re.IGNORECASE)


def phrases_in(path: Path) -> list[str]:
    """Return each banned phrase of a file, with where it is and what to write."""
    wrong: list[str] = []
    if not ANY_PHRASE.search(path.read_text(encoding="utf-8")):
        return wrong  # which is quicker than to take the file apart first
    for number, line in _texts(path):
        former = {} if path.suffix == ".ftl" else FORMER_NAMES
        for pattern, better in (BANNED_PHRASES | former).items():
            match = re.search(pattern, line, re.IGNORECASE)
            if match:
                wrong.append(f"{_where(path, number)}: {match.group(0)!r}: write {better}")
    return wrong


def names_in(path: Path) -> list[str]:
    """Return each banned identifier that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.append((node.lineno, node.name))
        if isinstance(node, ast.arg):
            defined.append((node.lineno, node.arg))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.append((node.lineno, node.id))
    return [
        f"{_where(path, line)}: {name}"
        for line, name in defined
        if name.strip("_").lower() in BANNED_NAMES
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_code_and_messages_use_no_banned_phrase(package: str) -> None:
    # Not the Solidity: its comments are part of the compiled metadata, and it does not change.
    files = [path for path in _files(".py", ".html") if path.is_relative_to(ROOT / package)]
    assert [line for path in files for line in phrases_in(path)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_identifiers_say_what_they_hold(package: str) -> None:
    files = [path for path in _files(".py") if path.is_relative_to(ROOT / package)]
    assert [line for path in files for line in names_in(path)] == []


def test_identifiers_of_tests_say_what_they_hold() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert [line for path in files for line in names_in(path)] == []


def test_the_texts_of_the_pages_use_no_banned_phrase() -> None:
    files = sorted((ROOT / "services" / "words" / "en").glob("*.ftl"))
    assert [line for path in files for line in phrases_in(path)] == []


def test_documents_use_no_banned_phrase() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named_there = {ROOT / "docs" / "glossary.md"}  # it lists the words that we replaced
    assert [line for path in files if path not in named_there for line in phrases_in(path)] == []


def test_names_of_tests_use_no_banned_phrase() -> None:
    wrong = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names = re.findall(r"^\s*def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        for name in names:
            sentence = name.replace("_", " ")
            if any(re.search(pattern, sentence) for pattern in BANNED_PHRASES):
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def _raised_messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each literal message that an error is raised with."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        first = node.exc.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield node.lineno, first.value
        elif isinstance(first, ast.JoinedStr):
            parts = [
                piece.value if isinstance(piece, ast.Constant) else "X" for piece in first.values
            ]
            yield node.lineno, "".join(map(str, parts))


VAGUE = re.compile(
    r"^(?:this|that|it|there|they|what|who|nobody|nothing|somebody)\b", re.IGNORECASE
)


@pytest.mark.parametrize("package", PACKAGES[:-1])
def test_error_messages_name_what_failed(package: str) -> None:
    """A message begins with the thing that failed, not with a pronoun, and is no bare riddle."""
    wrong = []
    for path in _files(".py"):
        if path.is_relative_to(ROOT / package):
            for line, text in _raised_messages(path):
                is_sentence = " " in text.strip()
                if is_sentence and VAGUE.match(text):
                    wrong.append(f"{_where(path, line)}: {text}")
    assert wrong == []
