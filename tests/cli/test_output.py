"""What every command has in common: output, errors, exit codes, help."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
import pytest
from click.testing import CliRunner, Result
from command_line import commands_in
from sqlalchemy.exc import ArgumentError, OperationalError

from cli import describe_error, make_cli
from cli.output import Output, counted, printable, with_services
from models import GateClosed
from models.gate import GateCode, GateFailure
from records import TableInvalid
from services.errors import Conflict, Invalid
from storage import RecordInvalid, StoreUnavailable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "examples" / "heart"
OWN_DATA = (ROOT / "docs" / "guide" / "own-data.md").read_text("utf-8")


class NodesMissing(Exception):
    """An error of the opener, unknown to the packages."""


def run_with(error: Exception, *words: str) -> Result:
    """Run a command whose opener raises an error."""

    @contextmanager
    def opener(settings: None = None, report: Callable[[str], None] = click.echo) -> Iterator[None]:
        raise error
        yield

    return CliRunner().invoke(make_cli(opener, (NodesMissing,)), ["status", *words])


def commands(group: click.Group, *parents: str) -> Iterator[tuple[str, ...]]:
    for name, command in commands_in(group).items():
        if isinstance(command, click.Group):
            yield from commands(command, *parents, name)
        yield (*parents, name)


ROOM = "; free some space, then try again"
FULL = OperationalError("INSERT secret", {"name": "Ana"}, sqlite3.OperationalError("disk is full"))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (RecordInvalid("too long"), 2, "too long"),
        (TableInvalid("2 of 3 rows cannot be deposited"), 2, "2 of 3 rows cannot be deposited"),
        (Invalid("No.", {"name": ["Enter the name"]}), 2, "name: Enter the name"),
        (Conflict("in progress"), 1, "in progress"),
        (StoreUnavailable("the IPFS node is down"), 1, "the IPFS node is down"),
        (NodesMissing("no Go"), 1, "no Go"),
        (OSError(28, "No space left on device", "/x"), 1, f"No space left on device: /x{ROOM}"),
        (OSError(28, "No space left on device"), 1, f"No space left on device{ROOM}"),
        (OSError("odd"), 1, "odd"),
        (FULL, 1, "the database is unavailable: disk is full; check DATABASE_URL"),
        (ArgumentError("no such URL\nsecret"), 1, "the database is unavailable: no such URL;"),
    ],
)
def test_an_error_is_one_line_for_people_and_one_document_for_machines(
    error: Exception, code: int, message: str
) -> None:
    result = run_with(error)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"status: {message}")
    as_json = run_with(error, "--json")
    assert as_json.exit_code == code
    assert orjson.loads(as_json.stdout)["message"] == describe_error(error)
    assert "secret" not in as_json.output
    assert "Ana" not in as_json.output


def test_a_model_that_is_not_published_is_told_each_threshold_and_what_to_do() -> None:
    codes = (GateCode.LEAKING_FEATURE, GateCode.TOO_FEW_OUTCOMES)
    failures = [GateFailure(code=each, measured=0.99, maximum=0.95, feature="x") for each in codes]
    closed = GateClosed(failures)
    closed.run = "heart-7"
    result = run_with(closed)
    assert result.exit_code == 1
    assert "`vouchsafe card heart-7` shows the full report." in result.stderr
    assert "status: the model is not published" in result.stderr
    table_text = " ".join(result.stdout.split())
    for failure in failures:
        for word in (failure.measured_text, failure.required_text):
            assert word in table_text
    assert table_text.count("what to do") == 1
    document = orjson.loads(run_with(closed, "--json").stdout)
    assert document["run"] == "heart-7"
    assert [each["remedy"] for each in document["gate"]] == [code.remedy for code in codes]
    assert [each["message"] for each in document["gate"]] == [f.message for f in failures]


def test_an_error_of_the_program_itself_is_not_hidden() -> None:
    assert isinstance(run_with(ZeroDivisionError("ours")).exception, ZeroDivisionError)


def test_invalid_options_end_with_exit_code_2() -> None:
    assert run_with(NodesMissing(), "--no-such-option").exit_code == 2


CLI = make_cli(lambda *_: None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("words", [(), *commands(CLI)], ids=" ".join)
def test_every_command_explains_itself_and_each_of_its_options(words: tuple[str, ...]) -> None:
    command: click.Command = CLI
    for word in words:
        assert isinstance(command, click.Group)
        command = commands_in(command)[word]
    result = CliRunner().invoke(CLI, [*words, "--help"])
    assert result.exit_code == 0
    assert (command.help or "").split("\n")[0].endswith((".", ":"))
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [option.name for option in options if not option.help] == []
    assert [option.name for option in options if not str(option.help).endswith(".")] == []


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("Größe\u00a0(cm)\t1\n", "Größe\u00a0(cm)\t1\n"),
        ("a\x1b]52;c;x\x07b\rc\x9b2J", "a\\x1b]52;c;x\\x07b\\x0dc\\x9b2J"),
        ("a\u202eb\ud800", "a\\x202eb\\xd800"),
    ],
)
def test_no_text_of_a_file_moves_the_cursor_of_a_terminal(text: str, output: str) -> None:
    assert printable(text) == output


def test_no_cell_and_no_note_is_obeyed_by_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.table(("column",), [("weight\x1b[2J",)])
    output.note("weight\x1b[2J")
    written = capsys.readouterr()
    assert "\x1b" not in written.out + written.err
    assert written.out.endswith("weight\\x1b[2J\n")


def test_a_narrow_terminal_cuts_no_word_of_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    Output(as_json=False).table(("estimates", "expected", "outcomes"), [("a", "b", "c")])
    written = capsys.readouterr().out
    assert "…" not in written
    assert sorted("".join(written.split())) == sorted("estimatesexpectedoutcomesabc")


def words_of(text: str) -> list[str]:
    """Return the words of each command that a block of a page names."""
    return re.findall(r"^    vouchsafe ([a-z][a-z-]*)", text, re.MULTILINE)


def test_every_command_of_the_page_on_own_data_takes_json() -> None:
    names = set(words_of(OWN_DATA))
    assert {"describe", "wallet", "export"} <= names
    without = [
        name
        for name in sorted(names)
        if "--json" not in CliRunner().invoke(CLI, [name, "--help"]).output
    ]
    assert without == []


@pytest.mark.parametrize(
    "words",
    [
        ("check", "nowhere.csv", "--mapping", "nowhere.toml"),
        ("card",),
        ("status", "--no-such-option"),
        ("no-such-command",),
        ("token", "create", "--role", "king"),
    ],
    ids=" ".join,
)
def test_invalid_use_is_one_document_with_json_and_none_without(words: tuple[str, ...]) -> None:
    for_people = CliRunner().invoke(CLI, words)
    assert (for_people.exit_code, for_people.stdout) == (2, "")
    as_json = CliRunner().invoke(CLI, [*words, "--json"])
    assert (as_json.exit_code, as_json.stderr) == (2, for_people.stderr)
    document = orjson.loads(as_json.stdout)
    assert document["message"] in for_people.stderr
    assert document.keys() == orjson.loads(run_with(OSError("odd"), "--json").stdout).keys()


def test_a_result_that_is_written_is_the_only_document_when_the_command_fails_after_it() -> None:
    @contextmanager
    def opener(settings: None = None, report: Callable[[str], None] = click.echo) -> Iterator[None]:
        yield

    group = make_cli(opener)

    @group.command()
    @with_services
    def late(services: object, output: Output) -> None:
        """Fail late."""
        output.result({"rows": 0}, "0 rows")
        raise TableInvalid("no rows")

    result = CliRunner().invoke(group, ["late", "--json"])
    assert (result.exit_code, orjson.loads(result.stdout)) == (2, {"rows": 0})
    assert result.stderr == "late: no rows\n"


def test_the_page_on_own_data_states_the_exit_codes_of_check(tmp_path: Path) -> None:
    header, *rows = (EXAMPLE / "table.csv").read_text("utf-8").splitlines()
    table, text = tmp_path / "table.csv", " ".join(OWN_DATA.split())
    words = ["check", str(table), "--mapping", str(EXAMPLE / "mapping.toml")]
    codes = {}
    for name, lines in {"good": rows[:2], "bad": ["1,-5" + "," * 14], "none": []}.items():
        table.write_text("\n".join([header, *lines]) + "\n", "utf-8")
        codes[name] = CliRunner().invoke(CLI, words).exit_code
    assert codes == {"good": 0, "bad": 3, "none": 1}
    assert "`check` exits with 0 if every row is good, with 3 if some are not" in text
    assert "and with 1 for a table without rows" in text


def test_a_number_has_the_noun_that_fits_it() -> None:
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert counted(1, "person", "people") == "1 person"
    assert counted(2, "person", "people") == "2 people"


def plurals_in(path: Path) -> list[str]:
    """Return each text of a command in which a plural follows a value: `{n} rows`."""
    plurals: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for value, text in zip(parts, parts[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                noun = re.match(r" (?:people|are|were|have|[a-z]{2,}[^su]s)\b", str(text.value))
                source = ast.unparse(value.value)
                if noun and not source.startswith("counted(") and source not in NO_NUMBER:
                    plurals.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    return plurals


NO_NUMBER = {
    *("address", "identity", "role", "table.header_rows"),
    *(f"rotation.{use}" for use in ("admin", "anchor", "custodian", "former", "relayer")),
}
"""Values that verbs follow, and a number of at least 2."""


def test_no_command_says_a_plural_of_one() -> None:
    files = [*sorted((ROOT / "cli").glob("*.py")), *sorted((ROOT / "deploy").glob("*command*.py"))]
    assert [text for path in files for text in plurals_in(path)] == []
