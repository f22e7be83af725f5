"""The pages of the part `patient`, as one table."""

from typing import Final

from services.accounts import PATIENT
from web.pages.page import Page
from web.pages.patient import (
    asked,
    history,
    keys,
    learned,
    permissions,
    records,
    signed,
    start,
    stopped,
)

ONLY: Final = frozenset({PATIENT})

_REQUEST: Final = "/patient/requests/{id}"
_CONSENT: Final = "/patient/consents/{id}"

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/patient", start.start, ONLY),
    Page("GET", _REQUEST, asked.request_, ONLY),
    Page("POST", _REQUEST, asked.answer, ONLY),
    Page("GET", f"{_REQUEST}/limits", asked.limits, ONLY),
    Page("POST", f"{_REQUEST}/limits", asked.keep_limits, ONLY),
    Page("GET", f"{_REQUEST}/understand", asked.understand, ONLY),
    Page("POST", f"{_REQUEST}/understand", asked.understood, ONLY),
    Page("GET", f"{_REQUEST}/check", signed.check, ONLY),
    Page("POST", f"{_REQUEST}/check", signed.sign, ONLY),
    Page("GET", "/patient/consents", permissions.permissions, ONLY),
    Page("GET", _CONSENT, permissions.permission, ONLY),
    Page("GET", f"{_CONSENT}/state", permissions.state, ONLY),
    Page("GET", f"{_CONSENT}/receipt", permissions.receipt, ONLY),
    Page("GET", f"{_CONSENT}/withdrawal", permissions.withdrawal, ONLY),
    Page("POST", f"{_CONSENT}/withdrawal", permissions.withdraw, ONLY),
    Page("GET", "/patient/stop", stopped.stop, ONLY),
    Page("POST", "/patient/stop", stopped.stop_all, ONLY),
    Page("GET", "/patient/opt-out", stopped.opt_out, ONLY),
    Page("POST", "/patient/opt-out", stopped.choose_opt_out, ONLY),
    Page("POST", "/patient/opt-out/sign", stopped.sign_opt_out, ONLY),
    Page("GET", "/patient/records", records.records, ONLY),
    Page("GET", "/patient/records/{id}", records.record, ONLY),
    Page("GET", "/patient/download", records.download, ONLY),
    Page("POST", "/patient/download", records.make_download, ONLY),
    Page("GET", "/patient/journal", history.history, ONLY),
    Page("GET", "/patient/journal/{seq}/proof", history.proof, ONLY),
    Page("GET", "/patient/journal/{seq}/proof.json", history.download_proof, ONLY),
    Page("GET", "/patient/keys", keys.keys, ONLY),
    Page("POST", "/patient/keys/begin", keys.begin_add, ONLY),
    Page("POST", "/patient/keys/passkey", keys.keep_add, ONLY),
    Page("POST", "/patient/keys/proof", keys.prove_add, ONLY),
    Page("GET", "/patient/keys/add/{signing}", keys.add, ONLY),
    Page("GET", "/patient/keys/veto/{signer}", keys.veto, ONLY),
    Page("GET", "/patient/keys/{id}/removal", keys.remove, ONLY),
    Page("POST", "/patient/keys/sign", keys.sign, ONLY),
    Page("GET", "/patient/models", learned.learned, ONLY),
)
