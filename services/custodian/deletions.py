"""Finds what a deletion with a relative address is about among what its sender deposited before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import define

from records.fhir_entries import FhirEntry
from records.outcomes import EntryCode, Outcome
from records.placement import identity_of
from records.references import split_relative, split_url
from services.custodian.filings import Filing
from services.custodian.items import ItemIndex
from services.custodian.parked import ParkedEntries
from services.custodian.sender_servers import SenderServers


@define(eq=False, repr=False)
class Deletions:
    """Names what is deleted; `DELETE Observation/1` may be at any server of its sender."""

    _items: ItemIndex
    _parked: ParkedEntries
    _servers: SenderServers

    def remember(self, entries: Iterable[FhirEntry], sender: str) -> None:
        """Remember the servers at which the resources of a sender have their addresses."""
        bases = {split_url(entry.url)[0] for entry in entries if entry.resource is not None}
        if bases - {""}:
            self._servers.add(sender, bases - {""})

    def candidates(self, entry: FhirEntry, sender: str) -> list[str]:
        """Return every identity that what a deletion names could have."""
        is_relative = not entry.url and split_relative(entry.target)[0] != ""
        servers = self._servers.find(sender) if is_relative else []
        return _names(entry, sender, servers)

    def name(self, filings: Iterable[Filing], sender: str) -> None:
        """Set the identity of each deletion's resource.

        One that fits resources of two servers is refused: it may mean either. One of a resource
        that waits for its patient has the code of a deletion that takes effect.
        """
        relative = [f for f in filings if f.is_deletion and not f.entry.url and _is_relative(f)]
        if not relative:
            return
        servers = self._servers.find(sender)
        named = [_names(filing.entry, sender, servers) for filing in relative]
        names = {name for group in named for name in group}
        items = self._items.find(names)
        stored = {name for name, item in items.items() if item.record_id and not item.is_deleted}
        waiting = set(self._parked.find(names))
        for filing, group in zip(relative, named, strict=True):
            _choose(filing, group, {"stored": stored, "waiting": waiting})


def _is_relative(filing: Filing) -> bool:
    return split_relative(filing.entry.target)[0] != ""


def _names(entry: FhirEntry, sender: str, servers: Sequence[str]) -> list[str]:
    kind, identity = split_relative(entry.target)
    return [identity_of(entry, sender), *(f"{base}/{kind}/{identity}" for base in servers)]


def _choose(filing: Filing, names: Sequence[str], known: Mapping[str, set[str]]) -> None:
    matching = [name for name in names if name in known["stored"] | known["waiting"]]
    if len(matching) > 1:
        filing.outcome, filing.code = Outcome.REFUSED, EntryCode.AMBIGUOUS_RESOURCE
    elif matching:
        filing.identity = matching[0]
        filing.is_waiting = matching[0] not in known["stored"]
