"""What a chain lost of several accounts is mined again in the same order."""

from __future__ import annotations

import random

from consent.resending import MissingRow, select_next


def lost(draw: random.Random) -> tuple[list[MissingRow], dict[bytes, int], list[bytes]]:
    """Return missing rows of three accounts, their places in the ledger, and those in order."""
    mined = [draw.choice("abc") for _ in range(draw.randrange(1, 12))]
    places: dict[bytes, int] = {}
    rows: list[MissingRow] = []
    order = list(range(len(mined)))
    draw.shuffle(order)  # rows may be written in another order than they are mined
    for at, account in enumerate(mined):
        name = bytes([at])
        has_changes = draw.random() < 0.8
        if has_changes:
            places[name] = at + 1
        is_recorded = draw.random() < 0.8 or not has_changes
        rows.append(MissingRow(order[at], account, name, name, is_recorded))
    for at in range(len(mined), len(mined) + draw.randrange(3)):
        rows.append(MissingRow(at, draw.choice("abc"), bytes([at]), b"", is_recorded=False))
    rows.sort(key=lambda row: row.account)  # each account's in the order of its nonces
    return rows, places, sorted(places, key=lambda name: places[name])


def test_a_lost_history_is_sent_part_by_part_as_it_was_mined() -> None:
    draw = random.Random(8)  # noqa: S311 - a repeatable test
    for _ in range(500):
        rows, places, expected = lost(draw)
        sent: list[MissingRow] = []
        remaining = list(rows)
        while remaining:
            part = select_next(remaining, places)
            assert part
            assert len({row.account for row in part}) == 1 or not {r.hash for r in part} & {*places}
            sent += part
            remaining = [row for row in remaining if row not in part]
        assert [row.hash for row in sent if row.hash in places] == expected
        for account in "abc":
            own = [row for row in rows if row.account == account]
            assert [row for row in sent if row.account == account] == own


def test_nothing_missing_is_nothing_to_send() -> None:
    assert select_next([], {}) == []
