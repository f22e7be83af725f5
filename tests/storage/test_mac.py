from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.mac import mac_of, mac_once

keys = st.binary(max_size=64)


@given(keys, st.lists(st.binary(max_size=200), max_size=4))
def test_it_is_the_librarys_hmac_however_often_it_is_asked(key: bytes, texts: list[bytes]) -> None:
    mac = mac_of(key)
    for text in texts * 2:
        assert mac(text) == mac_once(key, text) == hmac.digest(key, text, "sha256")


def test_a_key_over_a_block_is_refused() -> None:
    for attempt in (mac_of, lambda key: mac_once(key, b"")):
        with pytest.raises(ValueError, match="64 bytes"):
            attempt(b"k" * 65)
