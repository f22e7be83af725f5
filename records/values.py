"""Define the kinds of values of an observation, and the form of its code."""

from __future__ import annotations

import re
from typing import Final

NUMBER: Final = "number"
BOOLEAN: Final = "boolean"
CATEGORY: Final = "category"
KINDS: Final = (NUMBER, BOOLEAN, CATEGORY)

_CODE: Final = re.compile(r"[!-{}~]{1,64}\|[!-{}~]{1,128}\Z")


def is_code(text: str) -> bool:
    """Return whether a text is `system|code` in printable ASCII, as records require."""
    return _CODE.match(text) is not None
