"""Describes the lines of opened records, and a value over time, for patients and clinicians."""

from __future__ import annotations

from services.record_views import LineView, ValueSeries
from web.api.schemas import schema_of

LineSchema = schema_of(
    "LineSchema",
    LineView,
    "record kind codes value written unit range flag at when known source version readings "
    "is_in_force",
    what="name",
)
SeriesSchema = schema_of(
    "SeriesSchema", ValueSeries, "code unit others", what="name", lines=LineSchema
)
