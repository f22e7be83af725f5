"""Describes where browsers reach this installation, and the name that passkeys are made for."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """One origin, exactly as browsers send it, and the relying party's id (WebAuthn §5.1.2).

    Attributes:
        origin: scheme, host and port, without a trailing slash: ``http://localhost:8000``.
        rp_id: the origin's host, or a domain above it.
        name: what a device shows.
    """

    origin: str
    rp_id: str
    name: str = "Vouchsafe"

    @classmethod
    def at(cls, origin: str, rp_id: str = "") -> Site:
        """Return the site at an origin; its host is the relying party unless `rp_id` is given."""
        return cls(origin.rstrip("/"), rp_id or urlsplit(origin).hostname or "")

    @property
    def is_secure(self) -> bool:
        """True when browsers reach it over TLS, so that cookies may be Secure and __Host-."""
        return self.origin.startswith("https://")
