"""Who asks, behind proxies: the address that our own outermost proxy saw, and nobody's word."""

from __future__ import annotations

import pytest

from web import create_app
from web.api.guard import STRANGERS

pytestmark = pytest.mark.node
BURST = STRANGERS[1]


def sent(http, address: str) -> int:
    headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "evil.example"}
    return http.get("/api/v1/me", headers=headers).status_code


def test_behind_a_proxy_one_stranger_does_not_use_up_the_tries_of_another(hospital) -> None:
    http = create_app(hospital.platform, proxies=1).test_client()
    assert 429 in [sent(http, "192.0.2.1") for _ in range(BURST * 2)]
    assert sent(http, "192.0.2.2") == 401


def test_what_a_stranger_says_before_our_proxy_is_not_believed(hospital) -> None:
    http = create_app(hospital.platform, proxies=1).test_client()
    reply = [sent(http, f"10.0.{n // 256}.{n % 256}, 192.0.2.3") for n in range(BURST * 2)]
    assert 429 in reply


def test_without_a_proxy_nobody_names_their_own_address(hospital) -> None:
    http = create_app(hospital.platform).test_client()
    assert 429 in [sent(http, f"10.0.{n // 256}.{n % 256}") for n in range(BURST * 2)]
