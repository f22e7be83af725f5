"""Who can sign for a patient: their passkeys, other keys, and new keys that somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent import ConsentError, KeyAddition, KeyRemoval, Recovery, RecoveryVeto, passkey_signer
from services.accounts import SignatureRequest
from services.accounts.passkeys import Passkey
from services.errors import NotFound
from services.patient.asker import Asker
from services.patient.bringing import prepare

DELEGATE: Final = 1
OPEN: Final = ("waiting", "ready")


@dataclass(frozen=True, slots=True)
class Keyring:
    """Who can sign now.

    Attributes:
        passkeys: those that sign in here.
        delegates_until_s: when each key of somebody else ends, seconds UTC.
        has_others: whether the ledger holds more own keys than the passkeys here.
        recoveries: what was ever proposed, oldest first; those of `OPEN` may still be refused.
        is_checked: False while the ledger cannot be asked.
    """

    passkeys: list[Passkey]
    delegates_until_s: list[int]
    has_others: bool
    recoveries: list[Recovery]
    is_checked: bool


def keyring(asker: Asker) -> Keyring:
    """Return who can sign for the patient now."""
    ledger = asker.platform.ledger
    passkeys = asker.platform.identity.passkeys.of(asker.me.id)
    try:
        held = [one for one in ledger.keys.of_subject(asker.subject) if not one.is_removed]
        recoveries = ledger.keys.recoveries_of(asker.subject)
    except ConsentError:
        return Keyring(passkeys, [], False, [], False)
    delegates = [one.until_s for one in held if one.role == DELEGATE]
    return Keyring(
        passkeys, delegates, len(held) - len(delegates) > len(passkeys), recoveries, True
    )


def to_add(asker: Asker, signing: str) -> SignatureRequest:
    """Return the addition that a passkey of old is to sign.

    Raises:
        SignatureExpired: unknown, another's, or its time is over.
        NotFound: it adds no key.
    """
    prepared = asker.platform.identity.signatures.get(asker.me, signing)
    if prepared.kind != KeyAddition.__name__:
        raise NotFound
    return prepared


def to_remove(asker: Asker, name: str) -> tuple[SignatureRequest, bool]:
    """Return what is signed to remove a passkey (its id in hex), and whether it is the last.

    Raises:
        NotFound: it is not there, or another's.
    """
    found = {one.id.hex(): one for one in asker.platform.identity.passkeys.of(asker.me.id)}
    if name not in found:
        raise NotFound
    one = found[name]
    signer = passkey_signer(asker.platform.ledger.passkey_verifier(), one.qx, one.qy)
    return prepare(asker, KeyRemoval(asker.subject, signer)), len(found) == 1


def to_veto(asker: Asker, name: str) -> SignatureRequest:
    """Return what is signed to refuse a new key (its signer in hex).

    Raises:
        NotFound: nobody asked for it, or it waits no more.
    """
    for one in asker.platform.ledger.keys.recoveries_of(asker.subject):
        if one.signer.hex() == name and one.state in OPEN:
            return prepare(asker, RecoveryVeto(asker.subject, one.signer))
    raise NotFound
