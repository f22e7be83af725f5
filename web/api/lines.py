"""Describes the lines of opened records, and a value over time, for patients and clinicians."""

from __future__ import annotations

from services.record_views import LineView, ValueSeries
from web.api.schemas import schema_of

LineSchema = schema_of(
    "LineSchema",
    LineView,
    "line.codes value line.unit range flag line.at when known source version readings "
    "line.is_in_force",
    record="line.record_id",
    kind="line.category",
    what="name",
    written="line.value",
)
SeriesSchema = schema_of(
    "SeriesSchema", ValueSeries, "code unit others", what="name", lines=LineSchema
)
