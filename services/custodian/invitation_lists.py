"""Invites many patients at once: a list is checked, confirmed, and gives a link for each person."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from attrs import define

from services.accounts import PATIENT, IdentityService, Invitee
from services.accounts.invitations import JOIN, VALID_DAYS, ends_at_s
from services.custodian.identity_checks import LIST_CHECKS, IdentityChecks
from services.custodian.invitation_list_store import (
    ISSUED,
    KEPT_S,
    InvitationListStore,
    StoredList,
)
from services.custodian.invitation_mails import with_mails
from services.custodian.people_lists import (
    MAX_PEOPLE,
    LineProblem,
    ListUnreadable,
    read_people,
)
from services.errors import Invalid
from services.installation import Installation
from services.requests import PatientDirectory
from services.requests.history import LETTER
from services.words import LANGUAGES, Words
from storage import RecordStore

LOG: Final = logging.getLogger("vouchsafe.custodian")
MAX_LISTS: Final = 20
"""How many lists are stored at once, over all custodians."""
RECORDS: Final = "records"
NEW: Final = "new"
LINKED: Final = "linked"
ACCOUNT: Final = "account"
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPerson:
    """A person of a list.

    Attributes:
        line: of the list, from 1.
        number, email, name: as listed; "" where the list has nothing.
        language: of their letter.
        state: ``records`` of them are stored; ``new``: none are; ``linked``: an earlier link of
            theirs, not of this list, still works; ``account``: they have one and are not invited;
            ``ended``: the link of this list no longer works, as a newer one was issued or this one
            was revoked.
        link: works once; "" before the list is confirmed, for who is not invited, and once it no
            longer works.
        mail: ``waiting``, ``sending``, ``sent``, ``refused`` by the mail server for good, or
            ``ended`` since the link stopped working first; "" if there is none.
    """

    line: int
    number: str
    email: str
    name: str
    language: str
    state: str
    link: str
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationList:
    """A list of patients to invite; times are seconds UTC.

    Attributes:
        is_issued: whether the links exist.
        people: of the lines that are right, in their order.
        problems: the lines that are wrong; nobody is invited while there are any.
        until_s: when the links stop working; 0 before there are any.
        kept_until_s: when the list and what it shows of the links are deleted.
        can_mail: whether a mail server is set.
    """

    id: str
    is_issued: bool
    people: Sequence[ListPerson]
    problems: Sequence[LineProblem]
    until_s: int
    kept_until_s: int
    can_mail: bool
    days: int = VALID_DAYS

    @property
    def invited(self) -> list[ListPerson]:
        """The people who have a link of this list that works."""
        return [person for person in self.people if person.link]

    @property
    def addressed(self) -> list[ListPerson]:
        """The people without an account whose line has an e-mail address."""
        return [each for each in self.people if each.email and each.state != ACCOUNT]

    @property
    def known(self) -> list[ListPerson]:
        """The people of whom records are stored, and who have no account."""
        return [person for person in self.people if person.state == RECORDS]

    @property
    def new(self) -> list[ListPerson]:
        """The people of whom no records are stored."""
        return [person for person in self.people if person.state == NEW]

    @property
    def linked(self) -> list[ListPerson]:
        """The people of whom an earlier link, not of this list, still works."""
        return [person for person in self.people if person.state == LINKED]

    @property
    def joined(self) -> list[ListPerson]:
        """The people who have an account already."""
        return [person for person in self.people if person.state == ACCOUNT]

    def link_rows(self, words: Words) -> list[list[str]]:
        """Return the rows of a table of the links; the first has the names of its columns."""
        heads = ["list-number", "list-name", "list-email", "list-language", "list-link"]
        return [
            [words(head) for head in heads],
            *(
                [each.number, each.name, each.email, each.language, each.link]
                for each in self.invited
            ),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSummary:
    """A list that is stored: when it was sent (seconds UTC), for how many people, and its state."""

    id: str
    at_s: int
    people: int
    is_issued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfirmation:
    """How a list is carried out.

    Attributes:
        identity: how the identity of all people of the list was checked.
        new_patients: whether the people of whom no records are stored are invited too.
        replace_links: whether those are invited too of whom an earlier link still works, which then
            stops working.
        mails: whether the links are sent to the addresses of the list.
    """

    identity: str
    new_patients: bool = False
    replace_links: bool = False
    mails: bool = False


@define(eq=False, repr=False, kw_only=True)
class InvitationLists:
    """Checks lists of patients, and issues every link of a list or none.

    NotFound is raised for a list that does not exist or is older than a day.
    """

    _engine: sa.Engine
    _lists: InvitationListStore
    _identity: IdentityService
    _store: RecordStore
    _directory: PatientDirectory
    _checks: IdentityChecks
    _installation: Installation

    def check(self, words: Words, content: bytes, language: str, *, by: str) -> InvitationList:
        """Store a list for a day and return what it would do; nobody is invited yet.

        `content` is CSV (`read_people`) of at most 1,000 people; `language` is that of letters to
        people whose line has none.

        Raises:
            Invalid: the list cannot be read, or too many lists are stored.
            VaultSealed (storage): the root key is absent.
        """
        if language not in LANGUAGES:
            raise Invalid.of("language", words("list-language-error"))
        try:
            people = read_people(content)
        except ListUnreadable as exc:
            raise Invalid.of("list", words(f"list-{exc.fault}", most=MAX_PEOPLE)) from exc
        self._lists.delete_expired()
        if len(self._lists.list_all()) >= MAX_LISTS:
            raise Invalid.of("list", words("list-many", most=MAX_LISTS))
        return self._described(self._lists.add(people, language, by=by))

    def get(self, list_id: str) -> InvitationList:
        """Return a list; before it is confirmed, as it would be carried out now."""
        return self._described(self._lists.get(list_id))

    def list_all(self) -> list[ListSummary]:
        """Return the lists that are stored, the newest first."""
        return [
            ListSummary(
                id=stored.id,
                at_s=stored.at_s,
                people=len(stored.people),
                is_issued=stored.state == ISSUED,
            )
            for stored in self._lists.list_all()
        ]

    def invite(
        self, words: Words, list_id: str, confirmation: ListConfirmation, *, by: str
    ) -> InvitationList:
        """Issue a link for each person who has no account; repeating it issues no further link.

        The journal has the identity check of each person before the links exist, and the links are
        stored in one transaction.

        Raises:
            Invalid: a line is wrong, the identity check is missing, nobody is left to invite, or
                mails are wanted without a mail server.
            LedgerUnavailable, ViewRefused (consent), JournalUnavailable (storage): nobody was
                invited; the list can be confirmed again.
        """
        stored = self._lists.get(list_id)
        described = self._described(stored)
        if described.is_issued:
            return described
        chosen = described.known + (described.new if confirmation.new_patients else [])
        chosen += described.linked if confirmation.replace_links else []
        self._require_confirmable(words, described, confirmation, chosen)
        numbers = [person.number for person in chosen]
        subjects = self._directory.get_or_add(numbers)
        invitees = [Invitee(PATIENT, "", "", subjects[number]) for number in numbers]
        people = list(subjects.values())
        self._checks.record_all(JOIN, confirmation.identity, by=by, subjects=people)
        until_s = ends_at_s(self._installation.clock())
        with self._engine.begin() as connection:
            links = self._identity.invite_all(connection, invitees, by)
            issued = _with_links(stored, dict(zip(numbers, links, strict=True)), until_s)
            if confirmation.mails:
                issued = replace(issued, people=with_mails(issued.people))
            if not self._lists.issue(connection, issued):
                # Another request issued the links first, or a person was erased meanwhile.
                connection.rollback()
                return self.get(list_id)
        how = confirmation.identity
        for subject in people:
            LOG.info("invited %s %s, identity %s, by %s", PATIENT, subject.hex(), how, by)
        return self._described(issued)

    def delete(self, list_id: str, *, by: str) -> None:
        """Delete a list, and with it what can be shown of its links; those go on working."""
        self._lists.get(list_id)
        self._lists.delete(list_id)
        LOG.info("invitation list %s deleted by %s", list_id, by)

    def delete_expired(self) -> int:
        """Delete the lists that are older than a day; return how many."""
        return self._lists.delete_expired()

    def erase_subject(self, subject: bytes) -> None:
        """Take a patient out of every list."""
        self._lists.erase_number(self._directory.number_of(subject))

    def _require_confirmable(
        self,
        words: Words,
        described: InvitationList,
        confirmation: ListConfirmation,
        chosen: Sequence[ListPerson],
    ) -> None:
        if described.problems:
            raise Invalid.of("list", words("list-wrong", count=len(described.problems)))
        if confirmation.identity not in LIST_CHECKS:
            raise Invalid.of("identity", words("invite-identity-error"))
        if confirmation.mails and confirmation.identity == LETTER:
            raise Invalid.of("mails", words("list-letter-mail"))
        if confirmation.mails and not described.can_mail:
            raise Invalid.of("mails", words("list-no-mail"))
        if not chosen:
            if described.new:
                raise Invalid.of("new_patients", words("list-nobody-new"))
            if described.linked:
                raise Invalid.of("replace_links", words("list-nobody-linked"))
            raise Invalid.of("list", words("list-nobody"))

    def _described(self, stored: StoredList) -> InvitationList:
        states = self._states(stored)
        no_link = ACCOUNT, ENDED
        return InvitationList(
            id=stored.id,
            is_issued=stored.state == ISSUED,
            people=[
                ListPerson(
                    line=each.person.line,
                    number=each.person.number,
                    email=each.person.email,
                    name=each.person.name,
                    language=each.person.language or stored.language,
                    state=states[each.person.number],
                    link="" if states[each.person.number] in no_link else each.link,
                    mail=each.mail,
                )
                for each in stored.people
            ],
            problems=stored.problems,
            until_s=stored.until_s,
            kept_until_s=stored.at_s + KEPT_S,
            can_mail=self._installation.mail is not None,
        )

    def _find_working(self, stored: StoredList) -> set[str]:
        """Return the links of a list that still work: nobody is to print or send another."""
        links = {each.link.rsplit("/", 1)[1]: each.link for each in stored.people if each.link}
        return {links[code] for code in self._identity.invitations.find_working(list(links))}

    def _states(self, stored: StoredList) -> dict[str, str]:
        """Return what is known of the patient of each number now."""
        numbers = [each.person.number for each in stored.people]
        subjects = self._directory.find_subjects(numbers)
        known = list(subjects.values())
        recorded = self._store.find_recorded(known)
        joined = self._identity.accounts.find_joined(known)
        # The links of this list are no earlier ones.
        others = [each.person.number for each in stored.people if not each.link]
        linked = self._identity.invitations.find_invited(
            [subjects[number] for number in others if number in subjects]
        )
        working = self._find_working(stored)
        links = {each.person.number: each.link for each in stored.people if each.link}
        ended = {subjects.get(number) for number, link in links.items() if link not in working}
        states = ((ACCOUNT, joined), (ENDED, ended), (LINKED, linked), (RECORDS, recorded))
        return {
            number: next((state for state, of in states if subjects.get(number) in of), NEW)
            for number in numbers
        }


def _with_links(stored: StoredList, links: Mapping[str, str], until_s: int) -> StoredList:
    people = [replace(each, link=links.get(each.person.number, "")) for each in stored.people]
    return replace(stored, state=ISSUED, people=people, until_s=until_s)
