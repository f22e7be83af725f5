"""Makes the preset dictionary of documents from forms.ndjson, which is written by hand."""

from __future__ import annotations

import sys
from pathlib import Path

FORMS = Path(__file__).with_name("forms.ndjson")
SHORTEST = 34
"""Of 28 to 36, the one that gave the smallest documents and at most 32,506 bytes (zlib's reach)."""


def dictionary(forms: bytes) -> bytes:
    """Return the forms without what a later one repeats.

    From the last line to the first, a stretch of SHORTEST bytes or more is left out if it is in
    what was taken of the later lines. The commonest forms are last, nearest to what is deflated.
    """
    later = b""
    for line in reversed(forms.splitlines(keepends=True)):
        new, at = bytearray(), 0
        while at < len(line):
            end = at + SHORTEST
            if end > len(line) or line[at:end] not in later:
                new.append(line[at])
                at += 1
                continue
            while end < len(line) and line[at : end + 1] in later:
                end += 1
            at = end
        later = bytes(new) + later
    return later


def main() -> int:
    """Write it to the path given."""
    Path(sys.argv[1]).write_bytes(dictionary(FORMS.read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
