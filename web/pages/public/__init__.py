"""The pages that anybody may open: what this is, joining, signing in and out."""

from typing import Final

from flask import Blueprint

from web.pages.public import about, entrance, recovery

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (about.bp, entrance.bp, recovery.bp)
