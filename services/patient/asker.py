"""Says what everything for a patient needs of whoever asks: a page's visit or an API's call."""

from __future__ import annotations

from typing import Protocol

from services.accounts import Account
from services.platform import Platform
from services.words import Words


class Asker(Protocol):
    """A patient who is signed in, and the words to say things in."""

    @property
    def platform(self) -> Platform:
        """Every part of the install."""

    @property
    def words(self) -> Words:
        """The texts in the patient's language."""

    @property
    def me(self) -> Account:
        """The patient's account."""

    @property
    def subject(self) -> bytes:
        """The patient's own subject, 32 bytes."""
