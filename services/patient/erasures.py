"""A patient's request that everything stored about them is erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.errors import NotFound
from services.requests.erasures import ErasureRequest, ErasureRequests
from storage import RecordStore

PATIENT: Final = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureStatus:
    """What became of a patient's request.

    Attributes:
        request: the newest; None if there was none.
        is_receipt_valid: whether this installation signed the receipt, unaltered; False without.
    """

    request: ErasureRequest | None
    is_receipt_valid: bool

    @property
    def may_request(self) -> bool:
        """True if there is something to erase and no request is open."""
        return not self.is_erased and (self.request is None or not self.request.is_open)

    @property
    def is_erased(self) -> bool:
        """True once everything is erased."""
        return self.request is not None and self.request.receipt is not None


class PatientErasures:
    """What a patient can do to be erased: request it, read the answer, keep the receipt."""

    def __init__(self, *, requests: ErasureRequests, store: RecordStore) -> None:
        self._requests = requests
        self._store = store

    def status(self, subject: bytes) -> ErasureStatus:
        """Return the newest request with its answer."""
        request = self._requests.find_newest(subject)
        receipt = request.receipt if request else None
        is_valid = receipt is not None and receipt.verifies(self._store.receipt_key())
        return ErasureStatus(request=request, is_receipt_valid=is_valid)

    def request(self, subject: bytes) -> ErasureStatus:
        """Ask the custodian to erase the patient; one that is open or done stays the newest."""
        if not self.status(subject).is_erased:
            self._requests.add(subject, PATIENT)
        return self.status(subject)

    def receipt(self, subject: bytes) -> dict[str, str]:
        """Return the signed receipt as JSON, for `vouchsafe check-receipt`.

        Raises:
            NotFound: nothing was erased yet.
        """
        request = self._requests.find_newest(subject)
        if request is None or request.receipt is None:
            raise NotFound
        return request.receipt.document()
