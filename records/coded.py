"""Define the base of codes that say what is wrong and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class RemedyCode(StrEnum):
    """A code with its problem and its remedy; subclasses list the codes."""

    problem: str
    remedy: str

    def __new__(cls, code: str, problem: str = "", remedy: str = "") -> Self:
        """Make a member whose value is the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.problem, member.remedy = problem, remedy
        return member
