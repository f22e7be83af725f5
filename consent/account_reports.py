"""What the accounts of an installation are, and what an exchange of one did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAccount:
    """An account with a role on the ledger, or of this installation.

    Attributes:
        address: lower-case hex.
        use: ``relayer`` (pays for what patients sign), ``custodian`` (enrols), ``anchor``,
            ``everyday`` (all three), ``admin``, ``retired`` (replaced; proposes recoveries for
            those whom it enrolled), ``revoked`` (replaced; may do nothing), ``retiring`` or
            ``revoking`` (an exchange was begun), ``ex-admin`` (a former admin, with no role), or
            ``other`` (not of us).
        roles: of ``admin``, ``pauser``, ``custodian``, ``anchor``, those that it has as verified.
        wei: its money at the newest block.
    """

    address: str
    use: str
    roles: tuple[str, ...]
    wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What an exchange of an account did; addresses are lower-case hex.

    Attributes:
        former: the account that was replaced.
        use: what the former one still is, ``retired`` or ``revoked``.
        relayer: the account that pays for what patients sign now.
        custodian: the one that enrols now.
        anchor: the one that anchors now.
        waiting: how many transactions of the former account the chain did not have yet.
    """

    former: str
    use: str
    relayer: str
    custodian: str
    anchor: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRotation:
    """What an exchange of the admin's account did; both addresses are lower-case hex."""

    former: str
    admin: str
