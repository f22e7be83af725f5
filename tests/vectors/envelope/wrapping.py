"""The cases of unwrapping a record's key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reference import Sample, drawn, gcm, wrapped

SINGLE = Sample()
PATIENT = drawn("patient key")
GOOD = wrapped(PATIENT, SINGLE)


def vector(
    given: bytes, sample: Sample = SINGLE, patient: bytes = PATIENT, opens: bool = False
) -> dict[str, Any]:
    return {
        "expect": "opens" if opens else "refused",
        "patient_key": patient.hex(),
        "record": sample.record.hex(),
        "version": sample.version,
        "record_key": sample.key.hex() if opens else None,
        "wrapped": given.hex(),
    }


def _flipped(place: int) -> bytes:
    changed = bytearray(GOOD)
    changed[place] ^= 1
    return bytes(changed)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "good", vector(GOOD, opens=True)
    last = replace(SINGLE, version=2**32 - 1)
    yield "good_version_largest", vector(wrapped(PATIENT, last), last, opens=True)
    yield "another_patient", vector(GOOD, patient=drawn("another patient key"))
    yield "another_record", vector(GOOD, replace(SINGLE, record=drawn("another record", 16)))
    yield "another_version", vector(GOOD, replace(SINGLE, version=2))
    yield "nonce_flipped", vector(_flipped(0))
    yield "key_flipped", vector(_flipped(12))
    yield "tag_flipped", vector(_flipped(-1))
    yield "cut_by_one_byte", vector(GOOD[:-1])
    yield "byte_after", vector(GOOD + b"\0")
    yield "empty", vector(b"")
    yield "nonce_only", vector(GOOD[:12])
    yield "not_wrapped", vector(SINGLE.key)
    yield "label_of_a_patients_key", vector(wrapped(PATIENT, SINGLE, b"vouchsafe/v1/patient-key"))
    yield "label_missing", vector(wrapped(PATIENT, SINGLE, b""))
    for size in (16, 31, 33):
        short = replace(SINGLE, key=drawn("key", size))
        yield f"key_of_{size}_bytes_inside", vector(wrapped(PATIENT, short))
    nonce = GOOD[:12]
    yield "nothing_associated", vector(nonce + gcm(PATIENT, nonce, SINGLE.key, b""))
    yield "patient_key_of_16_bytes", vector(wrapped(PATIENT[:16], SINGLE), patient=PATIENT[:16])
