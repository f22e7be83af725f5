"""Lists the entries that a FHIR Bundle or Parameters holds, and says what each is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

from records.elements import list_of
from records.json_flaws import Flaw
from records.outcomes import EntryCode

MAX_NESTING: Final = 4
_MAX_KIND_CHARACTERS: Final = 64
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_READING: Final = ("GET", "HEAD")
"""Methods that change nothing: the resource beside one of them is the server's answer."""
_RESPONSES: Final = ("batch-response", "transaction-response")

Resource = dict[str, Any]


class FhirEntry(NamedTuple):
    """One entry of a file.

    Attributes:
        number: of the entry or line, from 1; 0 for a note about the file.
        place: its path in the file, such as `entry[2].resource.entry[1]`, counted from 1; "" if
            the number is enough.
        resource: with its numbers as written (`loads_exact`), or None.
        url: the entry's fullUrl, or "".
        method: of its request, or "".
        target: the request's url, or "".
        code: why it cannot be read, or EntryCode.NOTHING.
        newest_first: True in a Bundle of type history.
        modified: when a deletion took effect (response.lastModified), or "".
        named: the resourceType of a resource that cannot be kept, so that it is not here, or "".
        is_plain: True if each number of the resource is known to be an int or a float.
        size: the bytes of its line; 0 if an entry before it is of the same text.
    """

    number: int
    resource: Resource | None = None
    url: str = ""
    method: str = ""
    target: str = ""
    code: EntryCode = EntryCode.NOTHING
    newest_first: bool = False
    modified: str = ""
    named: str = ""
    place: str = ""
    is_plain: bool = False
    size: int = 0

    @property
    def kind(self) -> str:
        """The resourceType, if it has the form of one, else ""."""
        kind = self.resource.get("resourceType") if self.resource else self.named
        return kind if _is_kind(kind) else ""


FLAWS: Final = {
    Flaw.NUMBER: EntryCode.NUMBER,
    Flaw.NOT_FINITE: EntryCode.NOT_FINITE,
    Flaw.DUPLICATE_KEY: EntryCode.DUPLICATE_ELEMENT,
    Flaw.NOT_UNICODE: EntryCode.NOT_UNICODE,
    Flaw.DEPTH: EntryCode.TOO_DEEP,
}
DAMAGED: Final = frozenset({*FLAWS.values(), EntryCode.NOT_JSON})
"""Codes of entries whose content cannot be known."""


def has_kind(value: Any) -> bool:
    """Return whether a value is a resource: an object that names its kind."""
    return isinstance(value, dict) and _is_kind(value.get("resourceType"))


def _is_kind(kind: Any) -> TypeGuard[str]:
    return isinstance(kind, str) and len(kind) <= _MAX_KIND_CHARACTERS and _matches_kind(kind)


# Each entry is asked several times what kind it is of, and there are few kinds.
@lru_cache(maxsize=1_024)
def _matches_kind(kind: str) -> bool:
    return _KIND.match(kind) is not None


def list_entries(value: Any, place: str = "", nesting: int = MAX_NESTING) -> Iterator[FhirEntry]:
    """Yield a resource as one entry, or each that a Bundle or Parameters holds.

    `place` is its path in the file; its number is not known here.
    """
    if not has_kind(value):
        yield FhirEntry(0, code=why_no_resource(value), place=place)
    elif value["resourceType"] == "Bundle" and nesting:
        yield from _of_bundle(value, place, nesting)
    elif (
        value["resourceType"] == "Parameters"
        and nesting
        and (resources := _parameters(value, place))
    ):
        for path, resource in resources:
            yield from list_entries(resource, path, nesting - 1)
    else:
        yield FhirEntry(0, value, place=place)


def holds_nothing(value: Resource) -> bool:
    """Return whether a value is Parameters without a resource, such as addresses of files."""
    return value["resourceType"] == "Parameters" and not _parameters(value, "")


def _parameters(value: Resource, place: str, depth: int = MAX_NESTING) -> list[tuple[str, Any]]:
    """Return the resources of Parameters, each with its path."""
    resources: list[tuple[str, Any]] = []
    for name in ("parameter", "part"):
        parts = value.get(name)
        parts = [parts] if isinstance(parts, Flaw) else list_of(parts)
        for number, part in enumerate(parts, 1):
            path = _joined(place, f"{name}[{number}]")
            if isinstance(part, Flaw):
                resources.append((path, part))  # it may hold a resource
            elif isinstance(part, dict) and "resource" in part:
                resources.append((f"{path}.resource", part["resource"]))
            elif isinstance(part, dict) and depth:
                resources += _parameters(part, path, depth - 1)
    return resources


def _joined(place: str, step: str) -> str:
    return f"{place}.{step}" if place else step


def _of_bundle(bundle: Resource, place: str, nesting: int) -> Iterator[FhirEntry]:
    if not isinstance(bundle.get("type"), str) or isinstance(bundle["type"], Flaw):
        yield FhirEntry(0, code=EntryCode.NO_BUNDLE_TYPE, place=place)
    links = bundle.get("link")
    if any(isinstance(link, dict) and link.get("relation") == "next" for link in list_of(links)):
        yield FhirEntry(0, code=EntryCode.MORE_PAGES, place=place)
    entries = bundle.get("entry", [])
    entries = entries if isinstance(entries, list) else [entries]
    if not entries:
        yield FhirEntry(0, code=EntryCode.NO_ENTRY, place=place)
    base = _server(entries)
    is_history, is_answer = bundle.get("type") == "history", bundle.get("type") in _RESPONSES
    for number, entry in enumerate(entries, 1):
        path = _joined(place, f"entry[{number}]")
        if is_answer and _is_response(entry):
            url = _text(entry.get("fullUrl"))
            yield FhirEntry(0, url=url, code=EntryCode.RESPONSE_ONLY, place=path)
            continue
        for read in _of_entry(entry, path, nesting):
            if base and read.method == "DELETE" and not read.url and not read.code:
                read = read._replace(url=f"{base}/{read.target}")
            yield read._replace(newest_first=True) if is_history else read


def _server(entries: list[Any]) -> str:
    """Return the server at which the requests of a transaction are made, "" if none is certain.

    A request has an address relative to the server, and the fullUrl of what it changes the whole
    one: so a deletion in the same transaction, which has no fullUrl, has that server's address.
    """
    servers = set()
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        target = _text(request.get("url")) if isinstance(request, dict) else ""
        url = _text(entry.get("fullUrl")) if isinstance(entry, dict) else ""
        if target and url.startswith("http") and url.endswith(f"/{target}"):
            servers.add(url.removesuffix(f"/{target}"))
    return servers.pop() if len(servers) == 1 else ""


def _is_response(entry: Any) -> bool:
    """Return whether an entry is only the answer to a request: what it did, and no resource."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("response"), dict)
        and entry.keys().isdisjoint({"resource", "request"})
        and not any(isinstance(part, Flaw) for part in entry.values())
    )


def _of_entry(entry: Any, place: str, nesting: int) -> Iterator[FhirEntry]:
    parts = entry.values() if isinstance(entry, dict) else [entry]
    # An entry whose request has two meanings could delete what it seems to store.
    flaw = next((part for part in parts if isinstance(part, Flaw)), None)
    if flaw or not isinstance(entry, dict):
        yield FhirEntry(0, code=why_no_resource(flaw), place=place)
        return
    request = entry.get("request")
    method, target = (
        (_text(request.get("method")), _text(request.get("url")))
        if isinstance(request, dict)
        else ("", "")
    )
    read = FhirEntry(0, None, _text(entry.get("fullUrl")), method, target, place=place)
    search = entry.get("search")
    if method == "DELETE":
        response = entry.get("response")
        modified = response.get("lastModified") if isinstance(response, dict) else ""
        # Which resources a search would find is not known here.
        is_search = "?" in target or not (target or read.url)
        code = EntryCode.METHOD if is_search else EntryCode.NOTHING
        yield read._replace(modified=_text(modified), code=code)
    elif isinstance(search, dict) and search.get("mode") == "outcome":
        yield read._replace(code=EntryCode.SEARCH_OUTCOME)
    elif method == "PATCH" or (method in _READING and "response" not in entry):
        yield read._replace(code=EntryCode.METHOD)
    elif method in _READING and "resource" not in entry:
        yield read._replace(code=EntryCode.RESPONSE_ONLY)
    elif "resource" not in entry:
        yield read._replace(code=EntryCode.NO_RESOURCE)
    else:
        yield from _of_content(read, entry["resource"], nesting)


def _of_content(read: FhirEntry, resource: Any, nesting: int) -> Iterator[FhirEntry]:
    if not has_kind(resource):
        yield read._replace(code=why_no_resource(resource))
    elif resource["resourceType"] in ("Bundle", "Parameters"):
        yield from list_entries(resource, f"{read.place}.resource", nesting - 1)
    else:
        yield read._replace(resource=resource)


def why_no_resource(value: Any) -> EntryCode:
    """Return why a value is no resource."""
    return FLAWS[value] if isinstance(value, Flaw) else EntryCode.NOT_A_RESOURCE


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
