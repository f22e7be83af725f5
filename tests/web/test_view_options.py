"""A link on another site opens no records."""

from __future__ import annotations

import pytest
from flask import Flask

from services.errors import Forbidden
from web.view_options import opens_records, options_of, require_own_site


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_causes_is_refused(site: str) -> None:
    with (
        Flask("t").test_request_context(headers={"Sec-Fetch-Site": site}),
        pytest.raises(Forbidden),
    ):
        require_own_site()


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_what_this_site_or_a_person_causes_is_served(headers: dict[str, str]) -> None:
    with Flask("t").test_request_context(headers=headers):
        require_own_site()


def test_the_pages_that_open_records_on_a_get_say_so() -> None:
    from web.pages.clinician import predictions
    from web.pages.patient import records

    assert options_of(predictions.inputs).opens_records
    assert options_of(records.record).opens_records
    assert not options_of(records.records).opens_records
    assert options_of(opens_records(lambda: None)).opens_records
