"""The pages of the part `public`, as one table."""

from typing import Final

from services.accounts import PATIENT
from services.tokens import ROLES
from web.pages.page import ANYBODY, Page
from web.pages.public import about, entrance

EVERYBODY: Final = frozenset({PATIENT, *ROLES})

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/", about.home, ANYBODY),
    Page("GET", "/register", about.register, ANYBODY),
    Page("GET", "/help", about.help_, ANYBODY),
    Page("GET", "/accessibility", about.accessibility, ANYBODY),
    Page("GET", "/privacy", about.privacy, ANYBODY),
    Page("GET", "/join/{token}", entrance.join, ANYBODY),
    Page("POST", "/join/{token}/begin", entrance.begin_join, ANYBODY),
    Page("POST", "/join/{token}/passkey", entrance.keep_join, ANYBODY),
    Page("POST", "/join/{token}/proof", entrance.prove_join, ANYBODY),
    Page("POST", "/join/{token}/wallet", entrance.begin_wallet_join, ANYBODY),
    Page("POST", "/join/{token}/wallet/proof", entrance.prove_wallet_join, ANYBODY),
    Page("GET", "/sign-in", entrance.sign_in, ANYBODY),
    Page("POST", "/sign-in/begin", entrance.begin_sign_in, ANYBODY),
    Page("POST", "/sign-in/finish", entrance.finish_sign_in, ANYBODY),
    Page("POST", "/sign-in/wallet", entrance.begin_wallet_sign_in, ANYBODY),
    Page("POST", "/sign-in/wallet/finish", entrance.finish_wallet_sign_in, ANYBODY),
    Page("POST", "/sign-out", entrance.sign_out, EVERYBODY),
    Page("GET", "/signed-out", entrance.signed_out, ANYBODY),
    Page("GET", "/session", entrance.session, ANYBODY, is_quiet=True),
    Page("POST", "/session", entrance.keep_session, EVERYBODY),
)
