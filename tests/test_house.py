"""Holds the rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from bench.duplicates import duplicates

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("consent", "storage", "records", "models", "services", "web", "cli", "deploy")
BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "core"}
BANNED_NAMES |= {"manager"}
MAX_LINES = 400
MAX_TEST_LINES = 500  # a test file mirrors one source file: docs/decisions/0011
ONE_PROGRAM = ROOT / "docs" / "spec" / "check.py"
"""A stranger downloads and runs the independent check as one file, whose length is no obstacle."""
WATCHED_SUFFIXES = {".py", ".sol", ".js", ".css", ".html"}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def _modules(*folders: str) -> list[Path]:
    return [
        path
        for path in _tracked()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in folders
        and "versions" not in path.parts
    ]


def _names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def _most_lines(path: Path) -> int:
    return MAX_TEST_LINES if path.relative_to(ROOT).parts[0] == "tests" else MAX_LINES


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [
        path
        for path in _tracked()
        if path.suffix in WATCHED_SUFFIXES
        and ".min." not in path.name
        and path != ONE_PROGRAM
        and not {"vendor", "versions"} & set(path.parts)
        and len(path.read_text(encoding="utf-8").splitlines()) > _most_lines(path)
    ]
    assert _names(long) == []


def test_every_module_opens_with_one_sentence_that_says_its_job() -> None:
    wrong = []
    for path in _modules(*PACKAGES, "bench"):
        sentence = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split(
            "\n"
        )[0]
        if not sentence.endswith(".") or len(sentence) > 100:
            wrong.append(path)
    assert _names(wrong) == []


def test_at_most_three_pairs_of_places_share_six_equal_lines() -> None:
    assert len(duplicates(ROOT)) <= 3


def test_no_class_of_attrs_compares_its_ports_or_shows_them_in_a_log() -> None:
    decorators = [
        (path, ast.unparse(decorator))
        for path in _modules(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
    ]
    defined = [(path, text) for path, text in decorators if text.startswith(("define", "attr"))]
    assert defined
    assert [each for each in defined if "define(eq=False, repr=False" not in each[1]] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    flasks_own = "web/templates/base.html"
    named = [path for path in _names(_tracked()) if path != flasks_own]
    assert [path for path in named if Path(path).stem.lower() in BANNED_NAMES] == []


def test_tests_have_no_init_files_that_would_shadow_the_packages() -> None:
    assert [p for p in _names(_modules("tests")) if p.endswith("__init__.py")] == []


def test_nothing_imports_app() -> None:
    importing = [
        path
        for path in _modules(*PACKAGES)
        if re.search(
            r"^\s*(import app\b|from app import)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert _names(importing) == []


@pytest.mark.parametrize("word", ["os.environ", "getenv(", "time.time()", "datetime.now("])
def test_no_package_fetches_the_environment_or_the_wall_clock(word: str) -> None:
    fetching = [
        path
        for path in _modules("consent", "storage", "records", "models", "services", "web", "cli")
        if word in path.read_text(encoding="utf-8")
    ]
    assert _names(fetching) == []


def test_broad_excepts_stand_only_where_an_unknown_error_becomes_an_answer() -> None:
    allowed = {
        "web/errors.py",
        "services/jobs/worker.py",
        "services/custodian/watched_folder.py",
    }
    broad = {
        str(path.relative_to(ROOT))
        for path in _modules(*PACKAGES)
        if re.search(r"except (Base)?Exception\b", path.read_text(encoding="utf-8"))
    }
    assert broad <= allowed


def test_every_setting_is_described_and_documented() -> None:
    from deploy.settings import VARIABLES

    source = (ROOT / "deploy" / "settings.py").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:get\(|environment, )"([A-Z_]+)"', source))
    page = (ROOT / "docs" / "guide" / "settings.md").read_text(encoding="utf-8")
    assert used == set(VARIABLES)
    assert [name for name in VARIABLES if f"`{name}`" not in page] == []


def test_every_rounded_figure_is_written_without_the_sign_of_a_zero() -> None:
    """`{:.2f}` writes -0.001 as "-0.00"; `{:z.2f}` does not, and templates have their filters."""
    signed = re.compile(r"\{[^{}]*:[^{}z\n]*\.(?:\d|\{\w+\})[fe%]\}|%[+ ]?\.\d[f]")
    templates = (ROOT / "web" / "templates").rglob("*.html")
    signed_figures = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (*_modules("models", "services", "web", "cli"), *templates)
        for line in path.read_text().splitlines()
        if signed.search(line)
    ]
    assert signed_figures == []


def test_the_solidity_is_plain_ascii() -> None:
    odd = [path for path in _tracked() if path.suffix == ".sol" and not path.read_bytes().isascii()]
    assert _names(odd) == []


def test_no_path_of_a_developers_machine_is_named() -> None:
    pattern = re.compile(r"/work/|/tmp/bin|/root/")  # noqa: S108 - looked for, not used
    naming = [
        path
        for path in _tracked()
        if path != Path(__file__).resolve()
        and path.suffix in {".py", ".md", ".sol", ".toml", ".html", ".js", ".mjs", ""}
        and pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert _names(naming) == []


def test_each_decision_page_has_context_alternatives_decision_and_consequence() -> None:
    headings = ("## Context", "## Alternatives", "## Decision", "## Consequence")
    incomplete = [
        path
        for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))
        if any(heading not in path.read_text(encoding="utf-8") for heading in headings)
    ]
    assert _names(incomplete) == []


WAITS_FOR_ITS_ROUTE: dict[str, str] = {}
"""Public functions without a caller; docs/threats.md lists what is not promised because of them."""


PLAIN_DECORATORS = {"property", "classmethod", "staticmethod", "cached_property", "contextmanager"}
"""Any other decorator may call what it decorates: Flask, click, marshmallow."""


def _public_functions(paths: list[Path]) -> dict[str, Path]:
    functions: dict[str, Path] = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if {ast.unparse(each) for each in node.decorator_list} <= PLAIN_DECORATORS:
                functions[node.name] = path
    return functions


def test_every_public_function_has_a_caller_outside_the_tests() -> None:
    paths = [ROOT / "app.py", *_modules(*PACKAGES, "bench")]
    markup = [path for path in _tracked() if path.suffix in (".html", ".toml")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in [*paths, *markup])
    mentions = Counter(re.findall(r"\w+", sources))
    defined = Counter(re.findall(r"\bdef (\w+)", sources))
    uncalled = {
        name: str(path.relative_to(ROOT))
        for name, path in _public_functions(_modules(*PACKAGES)).items()
        if mentions[name] <= defined[name]
    }
    assert {
        name: where for name, where in uncalled.items() if name not in WAITS_FOR_ITS_ROUTE
    } == {}
    assert set(WAITS_FOR_ITS_ROUTE) <= set(uncalled)


def _private_names(tree: ast.Module) -> set[str]:
    """Return the private functions, classes and constants that a module defines at its top."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else ()
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_every_private_name_of_a_module_is_used_in_it() -> None:
    unused = []
    for path in [*_modules(*PACKAGES, "bench"), ROOT / "docs" / "spec" / "check.py"]:
        text = path.read_text(encoding="utf-8")
        mentions = Counter(re.findall(r"\w+", text))
        names = _private_names(ast.parse(text))
        unused += [f"{path.name}: {name}" for name in names if mentions[name] < 2]
    assert unused == []


@pytest.mark.parametrize("page", ["README.md", "docs/threats.md"])
def test_each_test_that_a_claim_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert named <= {path.name for path in _modules("tests")}


def test_each_file_that_a_document_names_exists() -> None:
    missing = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        if path.name in ("CHANGELOG.md",):
            continue  # it names what is gone
        text = path.read_text(encoding="utf-8")
        folders = "|".join((*PACKAGES, "tests", "docs", "bench"))
        for name in re.findall(rf"`((?:{folders})/[\w/.-]+\.\w+)`", text):
            if not (ROOT / name).exists():
                missing.append(f"{path.name}: {name}")
    assert missing == []


def test_no_two_decisions_have_the_same_number() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [number for number, count in numbers.items() if count > 1] == []
