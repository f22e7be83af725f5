"""Writes permissions, uses and origins of records as FHIR R4 Consent, AuditEvent, Provenance."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from attrs import define

from consent import ANY, CATEGORIES, Terms
from records.fhir_out import to_ndjson
from services.patient.consents import ACTIVE, RECORDING, ConsentSummary, PatientConsents
from services.patient.history import PatientHistory
from services.requests.history import HistoryEntry
from services.words import Words
from storage import Entry, Record, RecordStore

PROFILE: Final = "urn:vouchsafe:StructureDefinition/consent-intermediate-with-class"
"""IHE PCF Intermediate, plus the categories as `provision.class`, which PCF does not allow."""
_AUTHZ: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent"
_AUTHZ_SUBTYPE: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_LIMIT: Final = "http://hl7.org/fhir/StructureDefinition/consent-provision-limit"
_STATUS: Final = {ACTIVE: "active", RECORDING: "proposed"}
"""Of a permission; one that has ended, was withdrawn or cannot be checked is inactive."""
LAST_INSTANT_S: Final = 253_402_300_799
"""The last second of the year 9999, seconds UTC: the last that FHIR can state."""
_PARTY_TYPES: Final = {"organisation": "Organization", "study": "ResearchStudy"}

Resource = dict[str, Any]


@define(eq=False, repr=False, kw_only=True)
class PatientFhir:
    """A patient's permissions, uses and records, as FHIR resources."""

    _consents: PatientConsents
    _history: PatientHistory
    _store: RecordStore
    _organisation: str

    def list_consents(self, subject: bytes, words: Words) -> Resource:
        """Return a Bundle of every permission and refusal whose terms can be read."""
        return searchset(
            to_consent(consent, subject, self._organisation)
            for consent in self._consents.list_all(subject, words).consents
            if consent.terms is not None
        )

    def list_audit_events(self, subject: bytes, words: Words, before: int | None) -> Resource:
        """Return a Bundle of a page of the decisions about the patient's records, newest first.

        Its link `next` names the journal row before which older ones begin.
        """
        page = self._history.page(subject, words, before)
        bundle = searchset(
            to_audit_event(line.entry, subject, self._organisation)
            for line in page.lines
            if line.entry.purpose and line.entry.seq
        )
        if page.older_before is not None:
            following = f"AuditEvent?before={page.older_before}"
            bundle["link"] = [{"relation": "next", "url": following}]
        return bundle

    def list_provenance(self, subject: bytes) -> Resource:
        """Return a Bundle with the origin of each stored record; none is opened."""
        entries = self._store.records_of(subject)
        times = self._store.added_times(entries)
        return searchset(to_provenance(entry, times.get(entry.batch, 0)) for entry in entries)

    def export_records(self, subject: bytes) -> bytes:
        """Return every record of the patient as NDJSON: resources, then the origin of each record.

        Opening the records is in the history.

        Raises:
            LedgerUnavailable (consent), StoreUnavailable (storage): nothing was returned.
        """
        records = self._store.vault.open_all_own(subject, None)
        entries = {entry.record_id.hex(): entry for entry in self._store.records_of(subject)}
        times = self._store.added_times(list(entries.values()))
        origins = [
            orjson.dumps(to_provenance(entry, times.get(entry.batch, 0), record)) + b"\n"
            for record in records
            if (entry := entries.get(record.record_id)) is not None
        ]
        return b"".join((*to_ndjson(records), *origins))


def searchset(resources: Iterable[Resource]) -> Resource:
    """Return a Bundle of these resources, as the answer to a search."""
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "entry": entries,
    }


def to_consent(consent: ConsentSummary, subject: bytes, custodian: str) -> Resource:
    """Return a permission or refusal as a Consent (FHIR R4, IHE PCF 1.1).

    It renders what the ledger says and never permits by itself. The consent has readable terms.
    """
    terms = consent.terms
    assert terms is not None  # noqa: S101 - the caller leaves the others out
    patient = {"identifier": _identifier("subject", subject.hex()), "type": "Patient"}
    return {
        "resourceType": "Consent",
        "id": consent.consent_id.hex(),
        "meta": {"profile": [PROFILE]},
        "identifier": [_identifier("consent", consent.consent_id.hex())],
        "status": _STATUS.get(consent.state, "inactive"),
        "scope": _concept("consentscope", "patient-privacy"),
        "category": [
            {"coding": [{"system": "http://loinc.org", "code": "59284-0"}]},
            _concept("v3-ActCode", "IDSCL"),
        ],
        "patient": patient,
        **({"dateTime": _instant(consent.signed_at_s)} if consent.signed_at_s else {}),
        "performer": [patient],
        "organization": [_party(custodian)],
        "sourceAttachment": {"contentType": "text/plain", "title": terms.statement},
        "policy": [{"uri": terms.policy_uri}],
        "provision": _provision(consent, terms),
    }


def to_audit_event(entry: HistoryEntry, subject: bytes, custodian: str) -> Resource:
    """Return one decision about the patient's records as an AuditEvent (IHE BALP AuthZconsent)."""
    outcome = "8" if entry.is_refusal else "0"
    consents = [] if entry.consent_id is None else [entry.consent_id.hex()]
    return {
        "resourceType": "AuditEvent",
        "id": f"journal-{entry.seq}",
        "meta": {"profile": [_AUTHZ]},
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110113"},
        "subtype": [{"system": _AUTHZ_SUBTYPE, "code": "AuthZ-Consent"}],
        "action": "E",
        "recorded": _instant(entry.at_s),
        "outcome": outcome,
        "outcomeDesc": entry.outcome,
        "purposeOfEvent": [_concept("v3-ActReason", entry.purpose)],
        "agent": [
            {
                "type": _concept("v3-ParticipationType", "IRCP"),
                "who": _party(entry.party),
                "requestor": True,
            },
            {
                "type": _concept("extra-security-role-type", "authserver"),
                "who": _party(custodian),
                "requestor": False,
            },
        ],
        "source": {"observer": _party(custodian)},
        "entity": [
            {
                "what": {"identifier": _identifier("subject", subject.hex())},
                "type": {"system": f"{_TERMINOLOGY}/audit-entity-type", "code": "1"},
                "role": {"system": f"{_TERMINOLOGY}/object-role", "code": "1"},
            },
            *(
                {
                    "what": {"identifier": _identifier("consent", consent)},
                    "type": {"system": "http://hl7.org/fhir/resource-types", "code": "Consent"},
                }
                for consent in consents
            ),
        ],
    }


def to_provenance(entry: Entry, added_at_s: int, record: Record | None = None) -> Resource:
    """Return who deposited a record, when, and which version it is, as a Provenance.

    Args:
        entry: of the catalogue.
        added_at_s: when it was stored, seconds UTC.
        record: opened; then its resources are named, each with its own version and arrival.
    """
    name = {"identifier": _identifier("record", entry.record_id.hex())}
    revised = {"role": "revision", "what": {**name, "display": f"version {entry.version - 1}"}}
    table = {"role": "source", "what": {"display": "a table, mapped to codes"}}
    entities = [revised] if entry.version > 1 else []
    if record is not None and not record.resources:
        entities.append(table)
    return {
        "resourceType": "Provenance",
        "id": f"{entry.record_id.hex()}-{entry.version}",
        "target": [{**name, "display": f"version {entry.version}"}, *_targets(record)],
        "recorded": _instant(added_at_s),
        "activity": _concept("v3-DataOperation", "UPDATE" if entry.version > 1 else "CREATE"),
        "agent": [
            {
                "type": _concept("provenance-participant-type", "custodian"),
                "who": _party(entry.custodian),
            }
        ],
        **({"entity": entities} if entities else {}),
    }


def _targets(record: Record | None) -> list[Resource]:
    """Return a reference to each resource of an opened document."""
    if record is None or not record.resources:
        return []
    targets = []
    for text, arrival in zip(record.resources, record.arrivals, strict=True):
        resource = orjson.loads(text)
        kind, identity = resource.get("resourceType"), resource.get("id")
        arrived = f"version {arrival.version}, arrived {_instant(arrival.at_s)}"
        reference = {"reference": f"{kind}/{identity}"} if isinstance(identity, str) else {}
        targets.append({**reference, "type": kind, "display": arrived})
    return targets


def _provision(consent: ConsentSummary, terms: Terms) -> Resource:
    period = {
        **({"start": _instant(consent.signed_at_s)} if consent.signed_at_s else {}),
        **({"end": _instant(consent.not_after_s)} if consent.not_after_s else {}),
    }
    data_period = {"start": terms.data_from, "end": terms.data_to}
    provision: Resource = {"type": terms.decision}
    if terms.recipient != ANY:
        role = _concept("v3-ParticipationType", "IRCP")
        provision["actor"] = [{"role": role, "reference": _party(terms.recipient)}]
    provision["purpose"] = [_coding("v3-ActReason", code) for code in terms.purposes]
    optional = {
        "period": period,
        "class": [_category(code) for code in terms.categories if code != ANY],
        "dataPeriod": {key: day for key, day in data_period.items() if day},
        "data": [
            {"meaning": "instance", "reference": {"identifier": _identifier("record", record)}}
            for record in terms.records
            if record != ANY
        ],
        "modifierExtension": [
            {"url": _LIMIT, "extension": [{"url": "control", "valueCodeableConcept": _act(code)}]}
            for code in terms.obligations
        ],
    }
    return provision | {key: value for key, value in optional.items() if value}


def _category(code: str) -> Mapping[str, str]:
    return {"system": CATEGORIES[code].system, "code": code}


def _act(code: str) -> Resource:
    return _concept("v3-ActCode", code)


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": f"{_TERMINOLOGY}/{system}", "code": code}


def _concept(system: str, code: str) -> Resource:
    return {"coding": [_coding(system, code)]}


def _party(party: str) -> Resource:
    """Return a reference to a party by its id; FHIR has no type for some of them."""
    kind = _PARTY_TYPES.get(party.partition(":")[0])
    return {"identifier": _identifier("party", party)} | ({"type": kind} if kind else {})


def _identifier(kind: str, value: str) -> dict[str, str]:
    return {"system": f"urn:vouchsafe:{kind}", "value": value}


def _instant(seconds: int) -> str:
    seconds = min(seconds, LAST_INSTANT_S)  # the ledger's times reach further than FHIR's
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
