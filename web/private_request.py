"""The request whose uploaded files wait in memory: no plaintext of a patient reaches a disk."""

from __future__ import annotations

import os
from typing import IO

from flask import Request

BUFFER_BYTES = 256 * 2**10
"""What a multipart parser may hold of fields; it reads files in steps of 64 KiB through it."""


class PrivateRequest(Request):
    """A request whose files are anonymous memory; Werkzeug would spool them to a folder."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return os.fdopen(os.memfd_create("upload"), "w+b")
