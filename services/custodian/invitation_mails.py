"""Sends the links of invitation lists to the addresses that the lists give."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from services.accounts import IdentityService
from services.custodian.invitation_list_store import (
    ENDED,
    REFUSED,
    SENT,
    WAITING,
    InvitationListStore,
    StoredList,
    StoredPerson,
)
from services.installation import Installation
from services.mail import Mail, Mailer, MailUnavailable
from services.parties import PartyNames
from services.words import Words, find_zone

LOG: Final = logging.getLogger("vouchsafe.custodian")
BATCH: Final = 20
"""Mails that one worker takes at a time."""
_STATES: Final[Mapping[bool | None, str]] = MappingProxyType(
    {True: SENT, False: REFUSED, None: WAITING}
)


class InvitationMails:
    """The lists are the outbox: a mail waits in its list until the mail server has taken it.

    A mail says who invites, the link, how long it works and whom to ask. It has no hospital number,
    no name and nothing of a record.
    """

    def __init__(
        self,
        *,
        lists: InvitationListStore,
        identity: IdentityService,
        parties: PartyNames,
        installation: Installation,
    ) -> None:
        self._lists = lists
        self._identity = identity
        self._parties = parties
        self._installation = installation
        self._mailer = Mailer(installation.mail) if installation.mail else None

    def send_waiting(self) -> int:
        """Send what waits, as far as the mail server takes it; return how many were sent.

        What is not taken now waits for the next call, for as long as its list is stored.
        """
        if self._mailer is None:
            return 0
        sent = 0
        try:
            for stored in self._lists.list_all():
                sent += self._send_list(self._mailer, stored)
        except MailUnavailable as exc:
            LOG.warning("invitations wait for the mail server: %s", exc)
        return sent

    def _send_list(self, mailer: Mailer, stored: StoredList) -> int:
        sent, tried = 0, set[str]()
        while part := self._lists.take_mails(stored.id, BATCH, tried):
            states = {person.person.number: WAITING for person in part}
            tried |= states.keys()
            try:
                valid = [person for person in part if self._is_valid(person.link)]
                ended = [person for person in part if person not in valid]
                states |= {person.person.number: ENDED for person in ended}
                answers = (
                    mailer.send([self._mail(stored, person) for person in valid]) if valid else []
                )
                for person, is_taken in zip(valid, answers, strict=True):
                    states[person.person.number] = _STATES[is_taken]
            finally:
                self._lists.set_mails(stored.id, states)
            sent += sum(state == SENT for state in states.values())
        return sent

    def _is_valid(self, link: str) -> bool:
        """Return whether a link still works: its issuer may be disabled, or a newer link sent."""
        return self._identity.registrations.find_invitation(link.rsplit("/", 1)[1]) is not None

    def _mail(self, stored: StoredList, invited: StoredPerson) -> Mail:
        profile = self._installation.profile
        words = Words(invited.person.language or stored.language, find_zone(profile.time_zone))
        custodian = self._parties.name_of(self._installation.organisation, words.language)
        contact = profile.contact(words.language)
        paragraphs = [
            words("mail-who", custodian=custodian, site=words("frame-product")),
            words("letter-free"),
            words("mail-how"),
            invited.link,
            words("letter-until", date=words.day(stored.until_s)),
            words("mail-only", custodian=custodian),
            f"{words('letter-help', custodian=custodian)} {contact}".rstrip(),
        ]
        subject = words("letter-title", site=words("frame-product"))
        text = "\n\n".join(paragraphs) + "\n"
        return Mail(address=invited.person.email, subject=subject, text=text)


def with_mails(people: Sequence[StoredPerson]) -> list[StoredPerson]:
    """Return the people with a mail that waits, for each who has a link and an address."""
    return [
        replace(each, mail=WAITING) if each.link and each.person.email else each for each in people
    ]
