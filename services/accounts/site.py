"""Where browsers find this install: its origin and the name that passkeys are made for."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """One origin, exactly as browsers say it, and the relying party's id (WebAuthn §5.1.2).

    Attributes:
        origin: scheme, host and port, without a slash at the end: ``http://localhost:8000``.
        rp_id: the origin's host, or a domain above it.
        name: what a device shows when it asks.
    """

    origin: str
    rp_id: str
    name: str = "Vouchsafe"

    @classmethod
    def at(cls, origin: str, rp_id: str = "") -> Site:
        """Return the site of an origin; its host is the relying party unless told."""
        return cls(origin.rstrip("/"), rp_id or urlsplit(origin).hostname or "")

    @property
    def is_secure(self) -> bool:
        """True when browsers reach it by TLS, so that cookies may be Secure and __Host-."""
        return self.origin.startswith("https://")
