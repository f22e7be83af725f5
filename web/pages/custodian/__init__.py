"""The pages of the part `custodian`, as one table."""

from typing import Final

from services.custodian.uploads import MOST_BYTES
from services.tokens import CUSTODIAN
from web.pages.custodian import deposits, invitations, overview, recoveries, studies
from web.pages.page import Page

_CUSTODIANS: Final = frozenset({CUSTODIAN})
_FORM_BYTES: Final = 2**20

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/custodian", overview.show, _CUSTODIANS),
    Page("GET", "/custodian/patients/new", invitations.ask, _CUSTODIANS),
    Page("POST", "/custodian/patients/new", invitations.make, _CUSTODIANS),
    Page("GET", "/custodian/deposits/new", deposits.ask, _CUSTODIANS),
    Page("POST", "/custodian/deposits/new", deposits.take, _CUSTODIANS, MOST_BYTES + _FORM_BYTES),
    Page("GET", "/custodian/deposits/{upload}", deposits.show, _CUSTODIANS),
    Page("POST", "/custodian/deposits/{upload}", deposits.answer, _CUSTODIANS),
    Page("GET", "/custodian/deposits/{upload}/report", deposits.report, _CUSTODIANS),
    Page("GET", "/custodian/studies", studies.every, _CUSTODIANS),
    Page("GET", "/custodian/studies/{slug}", studies.show, _CUSTODIANS),
    Page("POST", "/custodian/studies/{slug}", studies.answer, _CUSTODIANS),
    Page("GET", "/custodian/recoveries", recoveries.show, _CUSTODIANS),
    Page("POST", "/custodian/recoveries", recoveries.propose, _CUSTODIANS),
)
