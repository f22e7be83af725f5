"""A sealed copy opens with the private key of its recipient alone, and not after a change."""

from __future__ import annotations

import pytest

from models.errors import ModelsInvalid
from models.sealed_copy import fingerprint, make_key_pair, open_copy, require_public_key, seal_copy
from storage import SealBroken

HEAD = {"study": "study:a", "release": "r1"}
LOW_ORDER = "00" * 32


def test_what_is_sealed_to_a_key_opens_with_it_alone() -> None:
    private, public = make_key_pair()
    sealed = seal_copy(b"rows of people", public, HEAD)
    opened = open_copy(sealed, private)
    assert (opened.content, opened.head) == (b"rows of people", HEAD)
    assert b"rows of people" not in sealed
    with pytest.raises(SealBroken):
        open_copy(sealed, make_key_pair()[0])


@pytest.mark.parametrize("place", [30, -1])
def test_an_altered_head_or_content_does_not_open(place: int) -> None:
    private, public = make_key_pair()
    sealed = bytearray(seal_copy(b"rows of people", public, HEAD))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        open_copy(bytes(sealed), private)


@pytest.mark.parametrize("sealed", [b"", b"PK\3\4", b"vouchsafe sealed copy 1\n{}"])
def test_another_file_is_named_as_what_it_is(sealed: bytes) -> None:
    with pytest.raises(ModelsInvalid, match="not a sealed copy"):
        open_copy(sealed, make_key_pair()[0])


def test_a_private_key_of_another_length_is_refused() -> None:
    sealed = seal_copy(b"rows", make_key_pair()[1], HEAD)
    for key in ("", "zz", "00" * 31):
        with pytest.raises(ModelsInvalid, match="32 bytes"):
            open_copy(sealed, key)


@pytest.mark.parametrize("text", ["", "00", "not hex", LOW_ORDER])
def test_a_key_with_which_everybody_could_decrypt_is_refused(text: str) -> None:
    with pytest.raises(ModelsInvalid, match="X25519"):
        require_public_key(text)


def test_a_public_key_is_known_by_its_fingerprint() -> None:
    _, public = make_key_pair()
    assert require_public_key(f" {public.upper()}\n") == public
    assert fingerprint(public) == fingerprint(public.upper()) != fingerprint(make_key_pair()[1])
