"""What a list of patients to invite may look like, and which lines are wrong; no nodes."""

from __future__ import annotations

import pytest

from services.custodian.people_lists import (
    MAX_PEOPLE,
    LineFault,
    ListedPerson,
    ListFault,
    ListUnreadable,
    read_people,
)


@pytest.mark.parametrize(
    "text",
    [
        "10023,anna@example.org,Anna Bee,de\n10024,,,\n",
        "number,email,name,language\n10023,anna@example.org,Anna Bee,DE\n\n10024\n",
        "\ufeffHospital number;E-mail;Name;Language\r\n10023;anna@example.org;Anna Bee;de\r\n10024",
        "name\tlang\tmrn\tmail\nAnna Bee\tde\t10023\tanna@example.org\n\t\t10024\t\n",
        '"10023","anna@example.org","Anna Bee","de"\n"10024","","",""\n',
    ],
)
def test_a_list_is_read_with_each_separator_with_and_without_names_of_columns(text: str) -> None:
    read = read_people(text.encode())
    assert [(p.number, p.email, p.name, p.language) for p in read.people] == [
        ("10023", "anna@example.org", "Anna Bee", "de"),
        ("10024", "", "", ""),
    ]
    assert read.problems == []


def test_each_wrong_line_is_named_with_its_cause_and_without_its_text() -> None:
    lines = [
        "10023",
        ",anna@example.org",
        "1" * 65,
        "10023",
        "10025,anna@example",
        f"10026,,{'A' * 129}",
        "10027,,,fr",
        "10028,,,de,more",
        "10029,b@example.org> Bcc: c@example.org",
    ]
    read = read_people("\n".join(lines).encode())
    assert [person for person in read.people] == [ListedPerson(line=1, number="10023")]
    assert [(problem.line, problem.fault) for problem in read.problems] == [
        (2, LineFault.NUMBER),
        (3, LineFault.NUMBER),
        (4, LineFault.TWICE),
        (5, LineFault.EMAIL),
        (6, LineFault.NAME),
        (7, LineFault.LANGUAGE),
        (8, LineFault.CELLS),
        (9, LineFault.EMAIL),
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ListFault.EMPTY),
        (b" \n;;\n", ListFault.EMPTY),
        (b"number,email\n", ListFault.EMPTY),
        ("Zo\xe9".encode("latin-1"), ListFault.ENCODING),
        (b"number,ward\n1,2\n", ListFault.HEADER),
        (b"number,number\n1,2\n", ListFault.HEADER),
        (b'1,"open\n2\n', ListFault.QUOTES),
        (b"1\n" * (MAX_PEOPLE + 2), ListFault.LONG),
        (b"1" * 600_000, ListFault.LONG),
    ],
)
def test_a_list_that_cannot_be_read_says_why(content: bytes, fault: ListFault) -> None:
    with pytest.raises(ListUnreadable) as error:
        read_people(content)
    assert error.value.fault == fault


def test_a_list_may_have_a_thousand_people_and_a_line_of_columns() -> None:
    numbers = "\n".join(str(number) for number in range(MAX_PEOPLE))
    assert len(read_people(f"number\n{numbers}".encode()).people) == MAX_PEOPLE
    with pytest.raises(ListUnreadable):
        read_people(f"{numbers}\n{MAX_PEOPLE}".encode())
