"""Maps the columns of tables that a custodian sent without a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from attrs import define

from records.description import TableDescription
from records.draft import slug
from records.header_rows import MAX_HEADER_ROWS, NamesPlace
from records.stored_description import description_from
from services.custodian.file_kinds import FileRefused
from services.custodian.saved_mappings import FOLDER
from services.custodian.tables import NAMES_PROBLEM, layout_of
from services.custodian.upload_store import (
    CHECKED,
    CHOICES,
    DESCRIPTION,
    MAPPING,
    NAMES,
    Upload,
    UploadStore,
)
from services.custodian.uploads import CustodianUploads, UploadReport
from services.errors import Invalid, NotFound
from services.installation import Installation
from services.words import Words

MAX_SKIPPED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMapping:
    """The mapping of a table's columns as TOML, and the name to keep it under, "" for none.

    `choices` are the fields of the page that made it, to show them again; none from the API.
    """

    text: str
    name: str
    choices: Mapping[str, str] = field(default_factory=dict)


@define(eq=False, repr=False, kw_only=True)
class CustodianColumns:
    """A table without a mapping waits, described; its columns can change until it is stored.

    NotFound is raised for an upload that the party does not have.
    """

    _uploads: UploadStore
    _files: CustodianUploads
    _installation: Installation

    def describe(self, party: str, upload_id: str) -> TableDescription:
        """Return what the columns of a waiting table seem to mean.

        Raises:
            NotFound: the party has no such upload, or its columns cannot be mapped (now).
        """
        return description_from(self._require_described(party, upload_id)[1])

    def choices(self, party: str, upload_id: str) -> dict[str, str]:
        """Return the fields of the page from which a table was checked; none before."""
        upload = self._uploads.get(party, upload_id)
        return dict(self._uploads.find_document(upload, CHOICES) or {})

    def has_names_problem(self, party: str, upload_id: str) -> bool:
        """Return whether a waiting table could not be read with the chosen rows of names."""
        return bool(self._uploads.get(party, upload_id).report.get(NAMES_PROBLEM))

    def read_again(
        self, words: Words, party: str, upload_id: str, place: NamesPlace
    ) -> UploadReport:
        """Queue the reading of a waiting table with its names in other rows.

        If it cannot be read that way, it waits as it was read before.

        Raises:
            NotFound: as `describe`.
            Invalid: its fields say which numbers are possible.
        """
        upload, _ = self._require_described(party, upload_id)
        limits = {"skip": (0, MAX_SKIPPED), "header_rows": (1, MAX_HEADER_ROWS)}
        errors = {
            name: [words("columns-names-error", low=low, high=high)]
            for name, (low, high) in limits.items()
            if not low <= getattr(place, name) <= high
        }
        if errors:
            raise Invalid(words("columns-error"), errors)
        self._uploads.keep_document(upload, NAMES, place._asdict())
        if self._uploads.set_mapping(upload, ""):
            self._uploads.keep_document(upload, CHOICES, {})
            self._files.queue_check(upload)
        return self._files.get(words, party, upload_id)

    def save(self, words: Words, party: str, upload_id: str, mapping: NewMapping) -> UploadReport:
        """Give a table its mapping and queue its check; the mapping can be kept under a name.

        A table that was checked already is checked again. Its former mapping is replaced where it
        was kept under the same name.

        Raises:
            NotFound: as `describe`.
            Invalid: the mapping cannot be used, or the name has another mapping already.
        """
        upload, _ = self._require_described(party, upload_id)
        try:
            layout_of(replace(upload.sent, mapping=mapping.text))
            self._keep(mapping, upload.sent.mapping)
        except FileRefused as exc:
            raise exc.in_words(words) from exc
        if self._uploads.set_mapping(upload, mapping.text):
            self._uploads.keep_document(upload, CHOICES, dict(mapping.choices))
            self._files.queue_check(upload)
        return self._files.get(words, party, upload_id)

    def _require_described(self, party: str, upload_id: str) -> tuple[Upload, Any]:
        upload = self._uploads.get(party, upload_id)
        stored = self._uploads.find_document(upload, DESCRIPTION)
        if upload.state not in (MAPPING, CHECKED) or stored is None:
            raise NotFound
        return upload, stored

    def _keep(self, mapping: NewMapping, former: str) -> None:
        if not mapping.name:
            return
        folder = self._installation.home / FOLDER
        path = folder / f"{slug(mapping.name)}.toml"
        if path.exists() and path.read_text(encoding="utf-8") not in (mapping.text, former):
            raise FileRefused("name", "columns-name-error", name=path.stem)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(mapping.text, encoding="utf-8")
