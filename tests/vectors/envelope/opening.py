"""The cases of opening an envelope."""

from __future__ import annotations

import base64
import gzip
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from Crypto.Cipher import AES, ChaCha20_Poly1305
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from reference import (
    Sample,
    aad,
    commitment,
    drawn,
    envelope,
    gcm,
    header,
    hkdf,
    padded,
    salamander,
)

SINGLE = Sample()
HEAD = header(SINGLE)
GOOD = envelope(SINGLE)
OTHER_KEY = drawn("another key")
BODY = 69


def vector(sealed: bytes, opened_as: Sample = SINGLE, opens: bool = False) -> dict[str, Any]:
    item = opened_as
    return {
        "expect": "opens" if opens else "refused",
        "key": item.key.hex(),
        "subject": item.subject.hex(),
        "category": item.category,
        "custodian": item.custodian,
        "record": item.record.hex(),
        "version": item.version,
        "content": item.content.hex() if opens else None,
        "envelope": sealed.hex(),
    }


def flipped(place: int, bit: int = 0, sealed: bytes = GOOD) -> bytes:
    changed = bytearray(sealed)
    changed[place] ^= 1 << bit
    return bytes(changed)


def changed(start: int, new: bytes) -> bytes:
    """The good envelope sealed anew with other header bytes: only the header is wrong."""
    head = HEAD[:start] + new + HEAD[start + len(new) :]
    return envelope(SINGLE, head=head)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((name, vector(envelope(item), item, opens=True)) for name, item in good())
    for part in (headers, keys, bodies, lengths, paddings, contexts, associations, ciphers):
        yield from ((name, vector(*case)) for name, case in part())


def good() -> Iterator[tuple[str, Sample]]:
    yield "good", SINGLE
    for size in (0, 1, 251, 252, 253, 284, 285, 2044, 2045, 4092):
        yield f"good_content_of_{size}_bytes", replace(SINGLE, content=drawn("content", size))
    yield "good_content_of_zero_bytes_only", replace(SINGLE, content=bytes(100))
    yield "good_version_largest", replace(SINGLE, version=2**32 - 1)
    yield "good_custodian_not_ascii", replace(SINGLE, custodian="organisation:spitäler-zürich")
    yield "good_nonce_of_zeros", replace(SINGLE, nonce=bytes(12))
    yield "good_nonce_of_ones", replace(SINGLE, nonce=b"\xff" * 12)
    yield "good_record_of_zeros", replace(SINGLE, record=bytes(16))


Cases = Iterator[tuple[str, tuple[bytes] | tuple[bytes, Sample]]]


def headers() -> Cases:
    yield "header_magic_first_letter", (changed(0, b"X"),)
    yield "header_magic_lower_case", (changed(0, b"vse1"),)
    yield "header_format_0", (changed(3, b"0"),)
    yield "header_format_2", (changed(3, b"2"),)
    for suite in (0, 2, 255):
        yield f"header_suite_{suite}", (changed(4, bytes([suite])),)
    yield "header_record_flipped", (flipped(5),)
    yield "header_record_sealed_for_another", (changed(5, drawn("another record", 16)),)
    yield "header_version_flipped", (flipped(24, 1),)
    yield "header_version_0", (changed(21, bytes(4)), replace(SINGLE, version=0))
    yield "header_version_little_endian", (changed(21, b"\1\0\0\0"),)
    yield "header_version_older_than_asked", (GOOD, replace(SINGLE, version=2))
    yield "header_version_newer_than_asked", (envelope(replace(SINGLE, version=2)),)
    yield "header_nonce_first_bit", (flipped(25, 7),)
    yield "header_nonce_last_bit", (flipped(36),)
    yield "header_nonce_other_than_used", (changed(25, drawn("another nonce", 12)),)
    long = replace(SINGLE, nonce=drawn("nonce", 16))
    yield "header_nonce_of_16_bytes", (envelope(long),)
    yield "header_nonce_of_8_bytes", (envelope(replace(SINGLE, nonce=drawn("nonce", 8))),)
    yield "header_missing", (GOOD[BODY:],)
    yield "header_doubled", (HEAD + GOOD,)


def keys() -> Cases:
    yield "commitment_first_bit", (flipped(37, 7),)
    yield "commitment_last_bit", (flipped(68),)
    yield "commitment_zero", (changed(37, bytes(32)),)
    yield "commitment_to_another_key", (changed(37, commitment(OTHER_KEY)),)
    yield "commitment_with_another_label", (changed(37, hkdf(SINGLE.key, b"vouchsafe/v1/key")),)
    yield "commitment_is_the_key", (changed(37, SINGLE.key),)
    yield "commitment_right_and_key_wrong", (GOOD, replace(SINGLE, key=OTHER_KEY))
    yield "key_last_bit", (GOOD, replace(SINGLE, key=flipped(31, 0, SINGLE.key)))
    yield "key_zero", (GOOD, replace(SINGLE, key=bytes(32)))
    yield "key_empty", (GOOD, replace(SINGLE, key=b""))
    for size in (16, 24, 31, 33):
        short = replace(SINGLE, key=drawn("key", size))
        sealed = envelope(short) if size in (16, 24) else GOOD
        yield f"key_of_{size}_bytes", (sealed, short)
    yield (
        "key_second_of_two_that_gcm_accepts",
        (
            salamander(SINGLE, OTHER_KEY),
            replace(SINGLE, key=OTHER_KEY),
        ),
    )


def bodies() -> Cases:
    yield "body_first_bit", (flipped(BODY, 7),)
    yield "body_middle_bit", (flipped(BODY + 128),)
    yield "body_last_bit", (flipped(-17),)
    yield (
        "body_first_two_blocks_swapped",
        (GOOD[:BODY] + GOOD[85:101] + GOOD[BODY:85] + GOOD[101:],),
    )
    yield "body_of_another_envelope", (HEAD + envelope(replace(SINGLE, record=bytes(16)))[BODY:],)
    yield "body_not_encrypted", (HEAD + padded(SINGLE) + GOOD[-16:],)
    yield "tag_first_bit", (flipped(-16, 7),)
    yield "tag_last_bit", (flipped(-1),)
    yield "tag_zero", (GOOD[:-16] + bytes(16),)
    yield "tag_of_another_envelope", (GOOD[:-16] + envelope(replace(SINGLE, version=2))[-16:],)
    for size in (0, 4, 12, 15):
        yield f"tag_cut_to_{size}_bytes", (GOOD[: len(GOOD) - 16 + size],)
    yield "tag_cut_to_12_bytes_and_filled_up", (GOOD[:-4] + bytes(4),)
    yield "tag_before_the_body", (HEAD + GOOD[-16:] + GOOD[BODY:-16],)
    yield "tag_doubled", (GOOD + GOOD[-16:],)


def lengths() -> Cases:
    yield "nothing", (b"",)
    yield "magic_only", (GOOD[:4],)
    yield "header_only", (HEAD,)
    yield "header_and_tag_only", (HEAD + gcm(SINGLE.key, SINGLE.nonce, b"", aad(SINGLE, HEAD)),)
    yield "cut_by_one_byte", (GOOD[:-1],)
    yield "cut_to_half", (GOOD[: len(GOOD) // 2],)
    yield (
        "cut_to_the_next_size_below",
        (envelope(replace(SINGLE, content=bytes(270)))[: len(GOOD)],),
    )
    yield "first_byte_missing", (GOOD[1:],)
    yield "byte_before", (b"\0" + GOOD,)
    yield "byte_after", (GOOD + b"\0",)
    yield "newline_after", (GOOD + b"\n",)
    yield "zeros_to_the_next_size_after", (GOOD + bytes(32),)
    yield "twice_in_a_row", (GOOD + GOOD,)
    yield "in_hex", (GOOD.hex().encode(),)
    yield "in_base64", (base64.b64encode(GOOD),)
    yield "in_gzip", (gzip.compress(GOOD, mtime=0),)


def _text(size: int, content: bytes, filling: bytes) -> bytes:
    return size.to_bytes(4, "big") + content + filling


def paddings() -> Cases:
    content, size = SINGLE.content, len(SINGLE.content)
    rest = 252 - size
    texts = {
        "length_one_more_than_the_content": _text(253, content, bytes(rest)),
        "length_largest": _text(2**32 - 1, content, bytes(rest)),
        "length_zero_before_a_content": _text(0, content, bytes(rest)),
        "length_one_less_than_the_content": _text(size - 1, content, bytes(rest)),
        "length_little_endian": size.to_bytes(4, "little") + content + bytes(rest),
        "length_missing": content + bytes(256 - size),
        "length_of_a_smaller_envelope": _text(size, content, bytes(rest + 32)),
        "padding_last_byte_not_zero": _text(size, content, bytes(rest - 1) + b"\1"),
        "padding_first_byte_not_zero": _text(size, content, b"\1" + bytes(rest - 1)),
        "padding_bit_then_zeros": _text(size, content, b"\x80" + bytes(rest - 1)),
        "padding_of_spaces": _text(size, content, b" " * rest),
        "padding_as_pkcs7": _text(size, content, bytes([rest]) * rest),
        "padding_missing": _text(size, content, b""),
        "padding_to_a_multiple_of_16": _text(size, content, bytes(-(4 + size) % 16)),
        "padding_between_two_sizes": _text(size, content, bytes(rest + 16)),
        "padding_below_the_least_size": _text(size, content, bytes(248 - 4 - size)),
        "text_empty": b"",
        "text_of_a_length_only": bytes(4),
    }
    for name, text in texts.items():
        yield name, (envelope(SINGLE, text=text),)


def contexts() -> Cases:
    yield "subject_another", (GOOD, replace(SINGLE, subject=drawn("another subject")))
    yield "subject_last_bit", (GOOD, replace(SINGLE, subject=flipped(31, 0, SINGLE.subject)))
    yield "subject_cut", (GOOD, replace(SINGLE, subject=SINGLE.subject[:31]))
    yield "subject_empty", (GOOD, replace(SINGLE, subject=b""))
    yield "category_another", (GOOD, replace(SINGLE, category="imaging"))
    yield "category_upper_case", (GOOD, replace(SINGLE, category="LABORATORY"))
    yield "category_empty", (GOOD, replace(SINGLE, category=""))
    yield "category_wildcard", (GOOD, replace(SINGLE, category="*"))
    yield "custodian_another", (GOOD, replace(SINGLE, custodian="custodian:general"))
    yield "custodian_space_after", (GOOD, replace(SINGLE, custodian=SINGLE.custodian + " "))
    yield "custodian_empty", (GOOD, replace(SINGLE, custodian=""))
    accented = replace(SINGLE, custodian="organisation:zürich")
    other = unicodedata.normalize("NFD", accented.custodian)
    yield "custodian_other_spelling", (envelope(accented), replace(accented, custodian=other))
    swapped = replace(SINGLE, category=SINGLE.custodian, custodian=SINGLE.category)
    yield "category_and_custodian_swapped", (GOOD, swapped)
    moved = replace(SINGLE, category=SINGLE.category + "c", custodian=SINGLE.custodian[1:])
    yield "category_takes_a_letter_of_the_custodian", (GOOD, moved)
    yield "record_another", (GOOD, replace(SINGLE, record=drawn("another record", 16)))
    yield "record_in_hex", (GOOD, replace(SINGLE, record=SINGLE.record.hex().encode()))


def associations() -> Cases:
    parts = (SINGLE.subject, SINGLE.category.encode(), SINGLE.custodian.encode())
    ready = aad(SINGLE, HEAD)
    hexed = HEAD + b"\0\x40" + SINGLE.subject.hex().encode() + ready[len(HEAD) + 34 :]
    for name, data in {
        "aad_empty": b"",
        "aad_header_only": HEAD,
        "aad_without_header": ready[len(HEAD) :],
        "aad_without_lengths": HEAD + b"".join(parts),
        "aad_lengths_of_one_byte": aad(SINGLE, HEAD, width=1),
        "aad_lengths_of_four_bytes": aad(SINGLE, HEAD, width=4),
        "aad_lengths_little_endian": HEAD
        + b"".join(len(part).to_bytes(2, "little") + part for part in parts),
        "aad_order_reversed": HEAD
        + b"".join(len(part).to_bytes(2, "big") + part for part in reversed(parts)),
        "aad_header_last": ready[len(HEAD) :] + HEAD,
        "aad_subject_in_hex": hexed,
        "aad_byte_after": ready + b"\0",
    }.items():
        yield name, (envelope(SINGLE, associated=data),)


def ciphers() -> Cases:
    yield (
        "cipher_aes_gcm_siv",
        (envelope(SINGLE, aead=lambda k, n, t, a: AESGCMSIV(k).encrypt(n, t, a)),),
    )
    yield "cipher_chacha20_poly1305", (envelope(SINGLE, aead=_chacha),)
    yield "cipher_aes_ccm", (envelope(SINGLE, aead=_with_mode(AES.MODE_CCM)),)
    yield "cipher_aes_eax", (envelope(SINGLE, aead=_with_mode(AES.MODE_EAX)),)
    yield "cipher_aes_ocb", (envelope(SINGLE, aead=_with_mode(AES.MODE_OCB)),)
    yield "cipher_aes_ctr_and_no_tag", (envelope(SINGLE, aead=_counted),)


def _chacha(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    return _finished(ChaCha20_Poly1305.new(key=key, nonce=nonce), text, associated)


def _counted(key: bytes, nonce: bytes, text: bytes, _associated: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_CTR, nonce=nonce, initial_value=2)
    return bytes(cipher.encrypt(text)) + bytes(16)


def _with_mode(mode: int) -> Any:
    def aead(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
        return _finished(AES.new(key, mode, nonce=nonce), text, associated)

    return aead


def _finished(cipher: Any, text: bytes, associated: bytes) -> bytes:
    cipher.update(associated)
    sealed, tag = cipher.encrypt_and_digest(text)
    return bytes(sealed + tag)
