"""Facts about this installation: who operates it, where it is reached, where its files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.accounts import Site
from services.mail import MailServer
from services.profile import OrganisationProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What every service may know about the installation that it runs in.

    Attributes:
        organisation: the party id of the custodian that operates it.
        site: the web origin that people and passkeys use.
        home: the folder of its files.
        clock: the current time, seconds UTC.
        is_development: True for trials; no real patients.
        web_processes: how many processes serve the pages; each counts its own part of a limit.
        person_systems: the identifier systems that name a person in FHIR, the most trusted first.
        inbox: the folder whose FHIR files are stored automatically; None without one.
        profile: the name and contact that people are shown.
        others: those of other organisations, by party id.
        mail: the server that takes mails; None without one.
    """

    organisation: str
    site: Site
    home: Path
    clock: Callable[[], float]
    is_development: bool
    version: str
    web_processes: int = 1
    person_systems: tuple[str, ...] = ()
    inbox: Path | None = None
    profile: OrganisationProfile = field(default_factory=OrganisationProfile)
    others: Mapping[str, OrganisationProfile] = field(default_factory=dict)
    mail: MailServer | None = None
