"""Builds an installation's services again with some of their parts replaced."""

from __future__ import annotations

from typing import Any

from services.wiring import Services, build_services


def rebuilt(services: Services, **replaced: Any) -> Services:
    """Return services on the same parts, but for those that are named."""
    names = ("engine", "ledger", "store", "diagnostics", "installation")
    parts = {name: getattr(services, name) for name in names}
    return build_services(**(parts | replaced))
