"""The agreement under which a study may receive a pseudonymised copy, and to which key."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from consent import PSEUDRESCH, RECRESCH
from models.sealed_copy import fingerprint
from services.dates import end_of_day_s


@dataclass(frozen=True, slots=True)
class CopyAgreement:
    """An agreement as the custodian approves it; after the approval it cannot be changed.

    Attributes:
        title, text: what the study agrees to.
        ends_on: ISO date of its last day.
        public_key: X25519, in hex: the only key that copies are encrypted to.
        whole_records: True if whole records leave, not only the variables of the question.
    """

    title: str
    text: str
    ends_on: str
    public_key: str
    whole_records: bool = False

    @property
    def purpose(self) -> str:
        """The purpose that each patient permits separately; neither covers the other."""
        return RECRESCH if self.whole_records else PSEUDRESCH

    @property
    def fingerprint(self) -> str:
        """Characters of the key to compare by telephone."""
        return fingerprint(self.public_key)

    @property
    def ends_at_s(self) -> int:
        """The last second of its last day, UTC."""
        return end_of_day_s(datetime.date.fromisoformat(self.ends_on))
