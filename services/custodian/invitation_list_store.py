"""Stores lists of patients to invite, sealed, for a day: whom they name, then their links."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from consent import DAY_S
from services.custodian.people_lists import LineFault, LineProblem, ListedPerson, PeopleList
from services.errors import NotFound
from services.tables import METADATA
from storage import RecordStore

CHECKED: Final = "checked"
ISSUED: Final = "issued"
WAITING: Final = "waiting"
SENDING: Final = "sending"
SENT: Final = "sent"
REFUSED: Final = "refused"
ENDED: Final = "ended"
KEPT_S: Final = DAY_S
LABEL: Final = "invitation-list"

_LISTS: Final = sa.Table(
    "web_invitation_lists",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    # Numbers, names, addresses and links: sealed, since each link is a secret.
    sa.Column("body", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A person of a list, the link that was issued to them, and the state of a mail with it.

    Attributes:
        link: "" if none was issued.
        mail: `WAITING`, `SENDING`, `SENT`, `REFUSED` by the mail server for good, or `ENDED` since
            the link stopped working first; "" if none is to be sent. A mail whose worker died stays
            `SENDING`: it may have been sent.
    """

    person: ListedPerson
    link: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredList:
    """A list as it is stored; times are seconds UTC.

    Attributes:
        by: the account that sent it.
        state: `CHECKED`, or `ISSUED` once its links exist.
        language: of letters to people without a language of their own.
        at_s: when it was sent.
        until_s: when its links stop working; 0 before there are any.
    """

    id: str
    by: str
    state: str
    language: str
    at_s: int
    people: Sequence[StoredPerson]
    problems: Sequence[LineProblem]
    until_s: int = 0


@define(eq=False, repr=False)
class InvitationListStore:
    """The rows of lists; their content can be opened by this installation alone, for a day."""

    _engine: sa.Engine
    _store: RecordStore
    _clock: Callable[[], float]

    def add(self, people: PeopleList, language: str, *, by: str) -> StoredList:
        """Store a list that was read.

        Raises:
            VaultSealed (storage): the root key is absent; nothing is stored.
        """
        new = StoredList(
            id=secrets.token_hex(16),
            by=by,
            state=CHECKED,
            language=language,
            at_s=int(self._clock()),
            people=[StoredPerson(person=person) for person in people.people],
            problems=people.problems,
        )
        row = {"id": new.id, "by": by, "state": CHECKED, "at_s": new.at_s, "body": self._seal(new)}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_LISTS), row)
        return new

    def get(self, list_id: str) -> StoredList:
        """Return a list.

        Raises:
            NotFound: no list has this id, or it is older than a day.
        """
        for stored in self._select(_LISTS.c.id == list_id):
            return stored
        raise NotFound("No list has this id; a list is deleted after a day.")

    def list_all(self) -> list[StoredList]:
        """Return the lists that are stored, the newest first."""
        return self._select(sa.true())

    def issue(self, connection: sa.Connection, issued: StoredList) -> bool:
        """Store a list with its links in the caller's transaction.

        False if it had links before, or names other people by now: one of them was erased.
        """
        query = sa.select(_LISTS).where(_LISTS.c.id == issued.id).with_for_update()
        row = connection.execute(query).first()
        people = [] if row is None else [each.person for each in self._open(row).people]
        is_same = people == [each.person for each in issued.people]
        return is_same and self._set(connection, issued, _LISTS.c.state == CHECKED)

    def take_mails(self, list_id: str, most: int, but: Collection[str] = ()) -> list[StoredPerson]:
        """Mark up to `most` mails that wait as being sent; return them, to no other caller.

        `but` are the hospital numbers of mails that are left to wait.
        """
        taken = list[StoredPerson]()

        def take(person: StoredPerson) -> StoredPerson:
            is_waiting = person.mail == WAITING and person.person.number not in but
            if not is_waiting or len(taken) == most:
                return person
            taken.append(person)
            return replace(person, mail=SENDING)

        self._change(list_id, take)
        return taken

    def set_mails(self, list_id: str, states: Mapping[str, str]) -> None:
        """Store the state of the mails to these hospital numbers; a list that is gone stays so."""
        self._change(
            list_id,
            lambda person: replace(person, mail=states.get(person.person.number, person.mail)),
        )

    def delete(self, list_id: str) -> None:
        """Delete a list; its links go on working."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_LISTS).where(_LISTS.c.id == list_id))

    def delete_expired(self) -> int:
        """Delete the lists that are older than a day; return how many."""
        with self._engine.begin() as connection:
            result = connection.execute(sa.delete(_LISTS).where(_LISTS.c.at_s <= self._oldest_s()))
        return int(result.rowcount)

    def erase_number(self, number: str | None) -> None:
        """Take the person of a hospital number out of every list."""
        for stored in self.list_all():
            if any(each.person.number == number for each in stored.people):
                self._change(stored.id, lambda each: None if each.person.number == number else each)

    def _change(self, list_id: str, change: Callable[[StoredPerson], StoredPerson | None]) -> None:
        """Change each person of a list, or take them out, while no other change is made."""
        query = sa.select(_LISTS).where(_LISTS.c.id == list_id).with_for_update()
        with self._engine.begin() as connection:
            for row in connection.execute(query).all():
                stored = self._open(row)
                changed = [change(each) for each in stored.people]
                people = [each for each in changed if each is not None]
                self._set(connection, replace(stored, people=people), sa.true())

    def _set(
        self, connection: sa.Connection, changed: StoredList, condition: sa.ColumnElement[bool]
    ) -> bool:
        update = sa.update(_LISTS).where(_LISTS.c.id == changed.id, condition)
        values = {"state": changed.state, "body": self._seal(changed)}
        return bool(connection.execute(update.values(values)).rowcount == 1)

    def _oldest_s(self) -> int:
        return int(self._clock()) - KEPT_S

    def _select(self, condition: sa.ColumnElement[bool]) -> list[StoredList]:
        query = sa.select(_LISTS).where(condition, _LISTS.c.at_s > self._oldest_s())
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_LISTS.c.at_s.desc(), _LISTS.c.id)).all()
        return [self._open(row) for row in rows]

    def _seal(self, stored: StoredList) -> bytes:
        body = {
            "language": stored.language,
            "until_s": stored.until_s,
            "people": [
                asdict(each.person) | {"link": each.link, "mail": each.mail}
                for each in stored.people
            ],
            "problems": [[problem.line, problem.fault] for problem in stored.problems],
        }
        return self._store.seal_bytes(LABEL, orjson.dumps(body), bytes.fromhex(stored.id))

    def _open(self, row: Any) -> StoredList:
        body = orjson.loads(self._store.open_bytes(LABEL, bytes(row.body), bytes.fromhex(row.id)))
        return StoredList(
            id=row.id,
            by=row.by,
            state=row.state,
            language=body["language"],
            at_s=row.at_s,
            people=[
                StoredPerson(
                    link=each.pop("link"), mail=each.pop("mail"), person=ListedPerson(**each)
                )
                for each in body["people"]
            ],
            problems=[
                LineProblem(line=line, fault=LineFault(fault)) for line, fault in body["problems"]
            ],
            until_s=body["until_s"],
        )
