"""The terms that the patients of the benchmarks sign."""

from __future__ import annotations

import secrets
from typing import Final

from consent import MLTRAINING, TREATDS, Terms

RESEARCH_TERMS: Final = Terms(
    decision="permit",
    recipient="study:diabetes-risk",
    purposes=(MLTRAINING, TREATDS),
    categories=("laboratory", "vital-signs", "demographics"),
    records=("*",),
    data_from="2015-01-01",
    data_to="",
    obligations=("PSEUD", "AUDIT"),
    statement="Your results may train a computer model that estimates the risk of diabetes.",
    policy_uri="https://example.org/policies/research/3",
    policy_hash=bytes(32),
    salt=bytes(32),
)
"""Terms with every field in use."""


def all_records(recipient: str, purpose: str) -> Terms:
    """Return terms with a salt of their own that permit one purpose on every record."""
    return Terms(
        decision="permit",
        recipient=recipient,
        purposes=(purpose,),
        categories=("*",),
        records=("*",),
        data_from="",
        data_to="",
        obligations=(),
        statement="I agree.",
        policy_uri="",
        policy_hash=bytes(32),
        salt=secrets.token_bytes(32),
    )
