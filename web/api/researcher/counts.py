"""Counts of people as the researcher's API states them."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields

from models import MIN_COUNT, suppress

COUNT: Final = {"type": ["integer", "string"]}


class Count(fields.Field[int]):
    """A count of people, of which 1 to 10 is hidden: it becomes the text "1 to 10"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return suppress(value or 0)


class SteadyCount(Count):
    """A count that moves only with eleven people: below 11, it becomes the text "0 to 10".

    Its 0 is the number that was stated last, and up to ten people may have come since.
    """

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return say_steady(value or 0)


class PartCount(fields.Field[int]):
    """As `SteadyCount`, but for "at least 47" where the exact number would tell a small one.

    `bound` names the attribute with how many people it is at least, or 0.
    """

    def __init__(self, bound: str, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)
        self._bound = bound

    def _serialize(self, value: int | None, attr: Any, obj: Any, **_: Any) -> int | str:
        bound, count = getattr(obj, self._bound), value or 0
        return f"at least {bound}" if bound and count >= MIN_COUNT else say_steady(count)


def say_steady(count: int) -> int | str:
    """Return a count of 11 or more, or the text "0 to 10"."""
    return count if count >= MIN_COUNT else f"0 to {MIN_COUNT - 1}"


class FeasibleCount(fields.Field[int | None]):
    """How many people may fit; that they are too few, or not counted, is a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)

    def _serialize(self, value: int | None, attr: Any, obj: Any, **_: Any) -> int | str:
        is_hidden = obj.is_counted and not obj.is_used_up
        return ("too few to show" if is_hidden else "not counted") if value is None else value
