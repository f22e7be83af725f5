"""The patient's pages."""

from typing import Final

from flask import Blueprint

from web.pages.patient import consents, erasure, keys, messages, records, requests, withdrawals

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    requests.bp,
    consents.bp,
    withdrawals.bp,
    records.bp,
    erasure.bp,
    keys.bp,
    messages.bp,
)
