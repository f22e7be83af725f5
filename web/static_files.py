"""Serves scripts, styles and pictures; an address with the hash of their content is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from flask import Flask, Response, send_from_directory

FOLDER: Final = Path(__file__).parent / "static"
YEAR_S: Final = 31_536_000
_HASH_CHARS: Final = 16


def hash_files(folder: Path) -> str:
    """Return one hash of the names and the content of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:_HASH_CHARS]


def install(app: Flask) -> None:
    """Serve the files at `static` (templates), and at the address without a hash.

    The hash is a folder of the address and is that of all files: what a script imports, or a style
    names, by a relative address then has it too.
    """
    current = hash_files(FOLDER)
    app.jinja_env.globals["static"] = f"/static/{current}"

    @app.get("/static/<path:filename>", defaults={"version": ""})
    @app.get(f"/static/<string(length={_HASH_CHARS}):version>/<path:filename>")
    def static(filename: str, version: str) -> Response:
        if version != current:  # of a page from before or after an upgrade: asked for again
            return send_from_directory(FOLDER, filename)
        answer = send_from_directory(FOLDER, filename, max_age=YEAR_S)
        answer.cache_control.immutable = True
        return answer
