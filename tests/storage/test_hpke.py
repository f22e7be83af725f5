import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from second_crypto import hpke_decrypt, hpke_encrypt

from storage import hpke
from storage.errors import SealBroken, StorageInvalid
from storage.hpke import (
    SENT_BYTES,
    Hpke,
    make_recipient_key,
    receive,
    send,
)
from storage.keys import SecretKey

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "envelope" / "send").glob("*.json"))
LOW_ORDER = [
    bytes.fromhex(json.loads(path.read_text())["sent"])[:32]
    for path in VECTORS
    if "low_order" in path.stem
]
KEY = bytes(range(32))
PRODUCT = (hpke._encrypt, hpke._decrypt)
SECOND = (hpke_encrypt, hpke_decrypt)
LIBRARIES = pytest.mark.parametrize(
    "library", [PRODUCT, SECOND], ids=["cryptography", "pycryptodome"]
)
PAIRS = pytest.mark.parametrize(
    ("sender", "receiver"),
    [(PRODUCT, SECOND), (SECOND, PRODUCT)],
    ids=["cryptography to pycryptodome", "pycryptodome to cryptography"],
)


@LIBRARIES
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_sent_key_opens_exactly_when_its_vector_says_so(
    path: Path, library: tuple[Hpke, Hpke]
) -> None:
    case = json.loads(path.read_text())
    sent, decision = bytes.fromhex(case["sent"]), bytes.fromhex(case["decision"])
    recipient = SecretKey(bytes.fromhex(case["recipient"]))
    if case["expect"] == "opens":
        assert receive(sent, recipient, decision, library[1]).hex() == case["record_key"]
    else:
        with pytest.raises(SealBroken, match="^the sent key cannot be opened"):
            receive(sent, recipient, decision, library[1])


@PAIRS
@settings(max_examples=20)
@given(key=st.binary(min_size=32, max_size=32), decision=st.binary(max_size=200))
def test_what_one_library_sends_the_other_receives(
    sender: tuple[Hpke, Hpke], receiver: tuple[Hpke, Hpke], key: bytes, decision: bytes
) -> None:
    private, public = make_recipient_key()
    sent = send(key, public, decision, sender[0])
    assert len(sent) == SENT_BYTES == 80
    assert receive(sent, private, decision, receiver[1]) == key


@LIBRARIES
def test_a_sent_key_opens_for_no_other_recipient_or_decision(
    library: tuple[Hpke, Hpke],
) -> None:
    private, public = make_recipient_key()
    stranger, _ = make_recipient_key()
    sent = send(KEY, public, b"decision 1", library[0])
    for who, decision in ((stranger, b"decision 1"), (private, b"decision 2"), (private, b"")):
        with pytest.raises(SealBroken):
            receive(sent, who, decision, library[1])


def test_a_sent_key_with_any_bit_flipped_is_refused() -> None:
    private, public = make_recipient_key()
    sent = bytearray(send(KEY, public, b"decision"))
    for bit in range(8 * len(sent)):
        sent[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            receive(bytes(sent), private, b"decision")
        sent[bit // 8] ^= 1 << bit % 8


@LIBRARIES
@pytest.mark.parametrize("public", [b"", b"short", bytes(33), *LOW_ORDER], ids=lambda p: p.hex())
def test_an_invalid_or_low_order_public_key_is_refused(
    public: bytes, library: tuple[Hpke, Hpke]
) -> None:
    with pytest.raises(StorageInvalid, match="recipient"):
        send(KEY, public, b"decision", library[0])


def test_a_key_of_another_size_is_not_sent() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        send(KEY[:16], make_recipient_key()[1], b"decision")


def test_a_private_key_of_another_size_receives_nothing() -> None:
    sent = send(KEY, make_recipient_key()[1], b"decision")
    with pytest.raises(SealBroken):
        receive(sent, SecretKey(b"short"), b"decision")


def test_sending_a_key_twice_gives_different_bytes() -> None:
    _, public = make_recipient_key()
    first, other = send(KEY, public, b"decision"), send(KEY, public, b"decision")
    assert first[:32] != other[:32]
    assert first[32:] != other[32:]
