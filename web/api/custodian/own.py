"""Lets in whoever speaks for the organisation that holds the records, and nobody else."""

from __future__ import annotations

from web.api.route import Call


def require_own(call: Call) -> None:
    """Go on for this organisation; to others it is as if there were nothing.

    Raises:
        NotFound: the caller speaks for another.
    """
    call.require_own(call.platform.organisation)
