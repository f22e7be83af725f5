"""The front door of the ledger: what the other packages may use of it."""

from consent.anchors import ANCHOR_KINDS, Anchor
from consent.batch import DecisionRequestBatch, Decisions
from consent.chain import Finality
from consent.consent_ledger import ConsentLedger
from consent.consents import Consent
from consent.decision import REASONS
from consent.deployment import Deployment
from consent.errors import (
    BadlySigned,
    ConsentError,
    ConsentInvalid,
    ConsentNotFound,
    ConsentRefused,
    LedgerBroken,
    LedgerUnavailable,
    NotPermitted,
    TermsInvalid,
    UnknownWord,
    ViewRefused,
    WalletUnusable,
)
from consent.findings import Finding, FindingCode, LedgerFinding
from consent.install import Install, open_ledger
from consent.keys import SubjectKey
from consent.passkeys import passkey_signature, passkey_signer
from consent.recoveries import Recovery
from consent.relayer import PENDING
from consent.signatures import recover
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
from consent.transactions import Outcome
from consent.typed_data import Domain, consent_id, digest, keccak, terms_hash, typed_message
from consent.vocabulary import (
    CATEGORIES,
    CATEGORY_CODES,
    EXACT_ONLY,
    OBLIGATIONS,
    PURPOSES,
    RESEARCH,
    Word,
    covers,
    is_known,
    require_word,
)
from consent.wallet import Wallet
from consent.wording import require_terms

__all__ = [
    "ANCHOR_KINDS",
    "ANY",
    "Anchor",
    "ConsentInvalid",
    "BadlySigned",
    "CATEGORIES",
    "CATEGORY_CODES",
    "Consent",
    "ConsentError",
    "Decision",
    "Decisions",
    "Deployment",
    "Domain",
    "EXACT_ONLY",
    "Enrolment",
    "Finality",
    "Finding",
    "FindingCode",
    "LedgerFinding",
    "Grant",
    "Install",
    "KeyAddition",
    "KeyRemoval",
    "ConsentLedger",
    "LedgerBroken",
    "LedgerUnavailable",
    "Message",
    "ConsentNotFound",
    "NotPermitted",
    "OBLIGATIONS",
    "Outcome",
    "PENDING",
    "PURPOSES",
    "REASONS",
    "RESEARCH",
    "Recovery",
    "RecoveryVeto",
    "ConsentRefused",
    "DecisionRequest",
    "DecisionRequestBatch",
    "Signed",
    "Stop",
    "SubjectKey",
    "Terms",
    "TermsInvalid",
    "UnknownWord",
    "View",
    "ViewRefused",
    "Wallet",
    "WalletUnusable",
    "Withdrawal",
    "Word",
    "consent_id",
    "covers",
    "digest",
    "is_known",
    "keccak",
    "open_ledger",
    "passkey_signature",
    "passkey_signer",
    "recover",
    "require_terms",
    "require_word",
    "terms_hash",
    "typed_message",
]
