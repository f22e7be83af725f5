"""The researcher's pages."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from web.pages.researcher import builder, models, pseudonymised_copies, studies, training_sets

_MODULES: Final = (studies, builder, models, training_sets, pseudonymised_copies)
BLUEPRINTS: Final[tuple[Blueprint, ...]] = tuple(module.bp for module in _MODULES)
