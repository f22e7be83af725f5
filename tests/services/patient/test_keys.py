"""A patient's keys: what a page says before one is removed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from consent import LedgerUnavailable, keccak
from services.accounts import PATIENT, Account
from services.patient.keys import PatientKeys

WALLET = b"w" * 20


def reviewed(wallets: list[bytes], keys: Any) -> bool:
    """Return whether the only passkey of a patient is called their last way to sign in."""
    passkey = SimpleNamespace(id=b"1", qx=bytes(32), qy=bytes(32))

    def of_subject(_: bytes) -> Any:
        if keys is None:
            raise LedgerUnavailable("away")
        return keys

    parts: Any = SimpleNamespace(
        passkeys=SimpleNamespace(of=lambda _: [passkey]),
        wallets=SimpleNamespace(of=lambda _: wallets),
        keys=SimpleNamespace(of_subject=of_subject),
        passkey_verifier=lambda: bytes(20),
        prepare=lambda *_: None,
    )
    account = Account("a", PATIENT, "", "", bytes(32), "en", 0)
    patient_keys = PatientKeys(identity=parts, ledger=parts, signatures=parts)
    return patient_keys.prepare_removal(account, passkey.id.hex()).is_last


@pytest.mark.parametrize(
    ("wallets", "keys", "is_last"),
    [
        ([], [], True),
        ([WALLET], [SimpleNamespace(key_hash=keccak(WALLET), is_removed=False)], False),
        ([WALLET], [SimpleNamespace(key_hash=keccak(WALLET), is_removed=True)], True),
        ([WALLET], None, True),
    ],
)
def test_a_passkey_is_the_last_only_if_no_wallet_signs_in(
    wallets: list[bytes], keys: Any, is_last: bool
) -> None:
    assert reviewed(wallets, keys) == is_last
