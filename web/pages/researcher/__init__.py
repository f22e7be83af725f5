"""The researcher's pages."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from web.pages.researcher import builder, models, pseudonymised_copies, studies, training_sets

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    studies.bp,
    builder.bp,
    models.bp,
    training_sets.bp,
    pseudonymised_copies.bp,
)
