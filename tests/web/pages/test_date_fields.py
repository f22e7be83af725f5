"""The three inputs of a date, in a real browser."""

from __future__ import annotations

import pytest
from browser import person, served
from visitors import signed_in

from web.cookies import cookie_name

pytestmark = pytest.mark.node


@pytest.mark.parametrize("width", [320, 390])
def test_a_date_stays_on_one_line_of_a_phone(hospital, browser, width) -> None:
    researcher = signed_in(hospital, "researcher")
    cookie = researcher.http.get_cookie(cookie_name(hospital.platform.installation.site))
    size = {"width": width, "height": 800}
    with served(hospital.platform) as origin, person(browser, origin, viewport=size) as somebody:
        somebody.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": origin}])
        somebody.go("/researcher/studies/new")
        find = "inputs => inputs.map(input => input.getBoundingClientRect().top)"
        tops = somebody.page.eval_on_selector_all("input[name^='end-']", find)
    assert len(tops) == 3
    assert len(set(tops)) == 1
