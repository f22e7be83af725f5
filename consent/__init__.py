"""The front door of the law: what the other packages may use of it."""

from consent.anchors import ANCHOR_KINDS, Anchor
from consent.batch import Decisions, RequestBatch
from consent.chain import Finality
from consent.consents import Consent
from consent.decision import REASONS
from consent.deployment import Deployment
from consent.errors import (
    BadlyAsked,
    BadlySigned,
    ConsentError,
    LedgerBroken,
    LedgerUnavailable,
    NotFound,
    NotPermitted,
    Refused,
    TermsInvalid,
    UnknownWord,
    ViewRefused,
    WalletUnusable,
)
from consent.evidence import Finding
from consent.install import Install, open_law
from consent.keys import SubjectKey
from consent.law import Law
from consent.ledger import PENDING
from consent.passkeys import passkey_signature, passkey_signer
from consent.recoveries import Recovery
from consent.signatures import recover
from consent.terms import (
    ANY,
    Decision,
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Request,
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
    "BadlyAsked",
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
    "Grant",
    "Install",
    "KeyAddition",
    "KeyRemoval",
    "Law",
    "LedgerBroken",
    "LedgerUnavailable",
    "Message",
    "NotFound",
    "NotPermitted",
    "OBLIGATIONS",
    "Outcome",
    "PENDING",
    "PURPOSES",
    "REASONS",
    "RESEARCH",
    "Recovery",
    "RecoveryVeto",
    "Refused",
    "Request",
    "RequestBatch",
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
    "open_law",
    "passkey_signature",
    "passkey_signer",
    "recover",
    "require_terms",
    "require_word",
    "terms_hash",
    "typed_message",
]
