"""The clinician's pages."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from web.pages.clinician import patients, predictions, records

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (patients.bp, predictions.bp, records.bp)
