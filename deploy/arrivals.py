"""What arrives of requests before a thread has them, so that no thread waits for a slow peer."""

from __future__ import annotations

import re
from typing import Any, Final

WHOLE_BYTES: Final = 32 * 1024
"""Of a request that is awaited whole. A larger one gets a thread earlier, as one of a few."""
_PART_BYTES: Final = 1 << 16
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(
    rb"\r\ncontent-length:[ \t]{0,8}(\d{1,18})[ \t]{0,8}\r\n", re.IGNORECASE
)
_ENDLESS: Final = re.compile(rb"\r\n(?:transfer-encoding|expect):", re.IGNORECASE)
"""Only the end of such a body shows its length, or it is sent after an answer."""


class Arrival:
    """The beginning of a request, read without waiting in the loop that serves everybody.

    Attributes:
        is_whole: nothing more is to come, so that a thread never waits for it.
    """

    def __init__(self, conn: Any, peer: str, ends_s: float) -> None:
        self.conn = conn
        self.peer = peer
        self.ends_s = ends_s
        self.beginning = bytearray()
        self.is_whole = False

    def add(self, part: bytes) -> bool:
        """Add bytes; True if a thread is to have the request now."""
        self.beginning += part
        head, ended, body = bytes(self.beginning).partition(_HEAD_END)
        head += _HEAD_END
        if not ended:
            return len(self.beginning) >= WHOLE_BYTES
        if _ENDLESS.search(head):
            return True
        length = _LENGTH.search(head)
        missing = (int(length[1]) if length else 0) - len(body)
        self.is_whole = missing <= 0
        return self.is_whole or len(self.beginning) + missing > WHOLE_BYTES

    def read(self) -> bool:
        """Take what is there; True if a thread is to have the request now.

        Raises:
            OSError: the connection is broken.
        """
        while True:
            try:
                part = self.conn.sock.recv_now(_PART_BYTES)
            except (BlockingIOError, InterruptedError):
                return False
            if not part:
                self.is_whole = True  # the peer has said that nothing follows
                return True
            if self.add(part):
                return True
