"""The pages of the part `auditor`, as one table."""

from typing import Final

from services.tokens import AUDITOR
from web.pages.auditor import bundle, checking, reading
from web.pages.page import Page

_AUDITORS: Final = frozenset({AUDITOR})

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/auditor", reading.standing, _AUDITORS),
    Page("GET", "/auditor/anchors", reading.anchors, _AUDITORS),
    Page("GET", "/auditor/journal", reading.journal, _AUDITORS),
    Page("POST", "/auditor/verify", checking.run, _AUDITORS),
    Page("GET", "/auditor/verify/{job}", checking.show, _AUDITORS),
    Page("POST", "/auditor/verify/{job}/stop", checking.stop, _AUDITORS),
    Page("GET", "/auditor/verify/{job}/report", checking.report, _AUDITORS),
    Page("GET", "/auditor/evidence", bundle.evidence, _AUDITORS),
    Page("POST", "/auditor/evidence", bundle.make, _AUDITORS),
    Page("GET", "/auditor/evidence/{job}", bundle.download, _AUDITORS),
)
