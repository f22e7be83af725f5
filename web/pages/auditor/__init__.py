"""The pages of the part `auditor`, as one table."""

from typing import Final

from web.pages.page import Page

PAGES: Final[tuple[Page, ...]] = ()
