"""The consent ledger: the names that the other packages may use of it."""

from consent.account_nonces import ANCHORER, EVERYDAY, RELAYER
from consent.account_reports import AdminRotation, LedgerAccount, Rotation
from consent.accounts import can_separate
from consent.anchors import ANCHOR_KINDS, Anchor
from consent.batch import DecisionRequestBatch, Decisions
from consent.chain import Finality
from consent.chain_nodes import NodeReport
from consent.consent_ledger import ConsentLedger
from consent.consents import Consent
from consent.decision import REASONS, is_opt_out
from consent.deployment import Deployment
from consent.errors import (
    ConsentError,
    ConsentInvalid,
    ConsentNotFound,
    ConsentRefused,
    LedgerBroken,
    LedgerUnavailable,
    NotPermitted,
    SignatureInvalid,
    TermsInvalid,
    UnknownCode,
    ViewRefused,
    WalletUnusable,
)
from consent.findings import UNREADABLE, Finding, FindingCode, LedgerFinding, collect
from consent.ledger_settings import LedgerSettings, examine_nodes, open_ledger
from consent.outcomes import PENDING
from consent.own_accounts import KeyFiles, OwnAccounts
from consent.passkeys import passkey_signature, passkey_signer
from consent.past_permits import PastPermits, PastUse
from consent.raw_transactions import RelayerAccount
from consent.recoveries import Recovery
from consent.restore_guard import RestoreResult
from consent.short_reads import read_rows
from consent.signatures import recover
from consent.state_mark import StateMark
from consent.subject_keys import SubjectKey, SubjectKeys
from consent.terms import (
    ANY,
    Decision,
    DecisionRequest,
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Signed,
    Stop,
    Terms,
    View,
    Withdrawal,
)
from consent.times import DAY_S, YEAR_S
from consent.transactions import Outcome
from consent.typed_data import Domain, consent_id, digest, keccak, terms_hash, typed_message
from consent.vocabulary import (
    BTG,
    CATEGORIES,
    CATEGORY_CODES,
    EXACT_ONLY,
    HMARKT,
    HRESCH,
    MLTRAINING,
    OBLIGATIONS,
    PSEUDRESCH,
    PURPOSES,
    RECRESCH,
    RESEARCH,
    TREAT,
    TREATDS,
    Coding,
    covers,
    is_known,
    require_code,
)
from consent.wallet import Wallet
from consent.wording import require_terms

__all__ = [
    "ANCHORER",
    "ANCHOR_KINDS",
    "ANY",
    "AdminRotation",
    "Anchor",
    "BTG",
    "CATEGORIES",
    "CATEGORY_CODES",
    "Coding",
    "Consent",
    "ConsentError",
    "ConsentInvalid",
    "ConsentLedger",
    "ConsentNotFound",
    "ConsentRefused",
    "DAY_S",
    "Decision",
    "DecisionRequest",
    "DecisionRequestBatch",
    "Decisions",
    "Deployment",
    "Domain",
    "EVERYDAY",
    "EXACT_ONLY",
    "Enrolment",
    "Finality",
    "Finding",
    "FindingCode",
    "Grant",
    "HMARKT",
    "HRESCH",
    "KeyAddition",
    "KeyFiles",
    "KeyRemoval",
    "LedgerAccount",
    "LedgerBroken",
    "LedgerFinding",
    "LedgerSettings",
    "LedgerUnavailable",
    "MLTRAINING",
    "Message",
    "NodeReport",
    "NotPermitted",
    "OBLIGATIONS",
    "Outcome",
    "OwnAccounts",
    "PENDING",
    "PSEUDRESCH",
    "PURPOSES",
    "PastPermits",
    "PastUse",
    "REASONS",
    "RECRESCH",
    "RELAYER",
    "RESEARCH",
    "Recovery",
    "RecoveryVeto",
    "RelayerAccount",
    "RestoreResult",
    "Rotation",
    "SignatureInvalid",
    "Signed",
    "StateMark",
    "Stop",
    "SubjectKey",
    "SubjectKeys",
    "TREAT",
    "TREATDS",
    "Terms",
    "TermsInvalid",
    "UNREADABLE",
    "UnknownCode",
    "View",
    "ViewRefused",
    "Wallet",
    "WalletUnusable",
    "Withdrawal",
    "YEAR_S",
    "can_separate",
    "collect",
    "consent_id",
    "covers",
    "digest",
    "examine_nodes",
    "is_known",
    "is_opt_out",
    "keccak",
    "open_ledger",
    "passkey_signature",
    "passkey_signer",
    "read_rows",
    "recover",
    "require_code",
    "require_terms",
    "terms_hash",
    "typed_message",
]
