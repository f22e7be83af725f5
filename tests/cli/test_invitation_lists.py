"""A script learns from the exit code whether everybody on a list was, or can be, invited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner, Result

from cli import make_cli
from services.custodian.invitation_lists import (
    ACCOUNT,
    LINKED,
    NEW,
    RECORDS,
    InvitationList,
    ListConfirmation,
    ListPerson,
)
from services.custodian.people_lists import LineProblem

LINK = "https://x.example/join/c"


def person(line: int, state: str) -> ListPerson:
    return ListPerson(
        line=line,
        number=f"V-{line}",
        email="",
        name="",
        language="en",
        state=state,
        link="",
        mail="",
    )


class Lists:
    """Lists that have one answer, and give a link to those whom a confirmation covers."""

    def __init__(self, people: Sequence[ListPerson], problems: Sequence[LineProblem]) -> None:
        self._list = InvitationList(
            id="l1",
            is_issued=False,
            people=people,
            problems=problems,
            until_s=0,
            kept_until_s=0,
            can_mail=False,
        )

    def check(self, *_: object, by: str) -> InvitationList:
        return self._list

    def delete(self, list_id: str, *, by: str) -> None:
        assert list_id == self._list.id

    def invite(
        self, words: object, list_id: str, confirmation: ListConfirmation, *, by: str
    ) -> InvitationList:
        states = {RECORDS, NEW} if confirmation.new_patients else {RECORDS}
        states |= {LINKED} if confirmation.replace_links else set()
        people = [
            replace(each, link=LINK, state=RECORDS) if each.state in states else each
            for each in self._list.people
        ]
        return replace(self._list, people=people)


def invite(
    folder: Path, states: Sequence[str], *options: str, problems: Sequence[LineProblem] = ()
) -> Result:
    people = [person(line, state) for line, state in enumerate(states, 1)]
    services = SimpleNamespace(
        custodian=SimpleNamespace(lists=Lists(people, problems)),
        installation=SimpleNamespace(site=SimpleNamespace(origin="https://x.example")),
    )

    @contextmanager
    def opener(settings: None = None, tell: Any = None) -> Iterator[Any]:
        yield services

    path = folder / "people.csv"
    path.touch()
    return CliRunner().invoke(make_cli(opener), ["invite-list", str(path), *options])


def test_a_list_with_a_wrong_line_ends_with_exit_code_3(tmp_path: Path) -> None:
    assert invite(tmp_path, [RECORDS, NEW]).exit_code == 0
    wrong = [LineProblem(line=2, fault="email")]
    assert invite(tmp_path, [RECORDS], problems=wrong).exit_code == 3


def test_people_who_are_left_out_are_named_by_their_lines(tmp_path: Path) -> None:
    done = invite(tmp_path, [RECORDS, NEW, ACCOUNT, NEW], "--identity", "card")
    assert done.exit_code == 3
    assert len(done.stdout.splitlines()) == 2  # the head and one link
    assert "in these lines: 2, 4." in done.stderr
    assert "1 has an account already" in done.stderr
    every = invite(tmp_path, [RECORDS, NEW, ACCOUNT], "--identity", "card", "--new-patients")
    assert (every.exit_code, len(every.stdout.splitlines())) == (0, 3)
    assert "in these lines" not in every.stderr


def test_the_check_says_whose_earlier_link_works_and_no_link_is_replaced_unasked(
    tmp_path: Path,
) -> None:
    looked = invite(tmp_path, [RECORDS, LINKED])
    assert "Not to be invited again: an earlier link works" in looked.stdout
    done = invite(tmp_path, [RECORDS, LINKED], "--identity", "card")
    assert (done.exit_code, len(done.stdout.splitlines())) == (3, 2)
    assert "An earlier link works for the people in these lines: 2." in done.stderr
    assert "With --replace-links that link stops working." in done.stderr
    every = invite(tmp_path, [RECORDS, LINKED], "--identity", "card", "--replace-links")
    assert (every.exit_code, len(every.stdout.splitlines())) == (0, 3)
    assert "earlier link" not in every.stderr
