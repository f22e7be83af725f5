"""The patient's API: the same calls and results as their pages."""

from typing import Final

from flask import Blueprint

from web.api.patient import consents, erasure, keys, messages, records, requests

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    requests.bp,
    consents.bp,
    records.bp,
    erasure.bp,
    keys.bp,
    messages.bp,
)
