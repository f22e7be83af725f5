from __future__ import annotations

import pytest

from services.errors import TooManyRequests
from web.limits import Limit, OneAtATime, caller_at


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        (None, "None"),
        ("a socket", "a socket"),
    ],
)
def test_a_stranger_counts_as_an_address_or_the_network_of_a_home(address, caller) -> None:
    assert caller_at(address) == caller


def test_many_addresses_of_one_network_share_one_limit() -> None:
    limit = Limit(1.0, 5, lambda: 0.0)
    for number in range(5):
        limit.take(caller_at(f"2001:db8::{number:x}"))
    with pytest.raises(TooManyRequests):
        limit.take(caller_at("2001:db8::ffff"))
    limit.take(caller_at("2001:db8:0:1::1"))


def test_a_caller_has_one_large_answer_under_way_and_others_have_theirs() -> None:
    limit = OneAtATime()
    end = limit.begin("a")
    with pytest.raises(
        TooManyRequests, match="your earlier request is still being answered; try again in 60 s"
    ):
        limit.begin("a")
    other = limit.begin("b")
    end()
    end = limit.begin("a")
    for each in (end, end, other):  # a second end changes nothing
        each()
    limit.begin("a")
