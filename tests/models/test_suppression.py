from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.suppression import MIN_COUNT, OTHER, conceal, is_small, merge_small, suppress


def test_counts_from_one_to_ten_are_hidden_and_zero_is_not() -> None:
    assert [suppress(count) for count in (0, 1, 10, 11)] == [0, "1 to 10", "1 to 10", 11]


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40)))
def test_no_merged_class_is_small_unless_all_classes_together_are(counts: dict[str, int]) -> None:
    merged = merge_small(counts)
    assert sum(merged.values()) == sum(counts.values())
    if sum(counts.values()) >= MIN_COUNT:
        assert not any(is_small(count) for count in merged.values())
    else:
        assert set(merged) <= {OTHER}


def test_a_concealed_count_does_not_tell_whether_there_is_anybody() -> None:
    assert [conceal(count) for count in (0, 1, 10, 11, 44)] == [*["0 to 10"] * 3, 10, 40]
