"""Static files are kept at an address with their hash, and asked for again at every other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from web.static_files import FOLDER, hash_files, install

LINK = re.compile(r'<(?:script|link)\b[^>]*?(?:src|href)="(/[^"]*+)"')


@pytest.fixture
def files() -> FlaskClient:
    app = Flask("web", static_folder=None)
    install(app)
    return app.test_client()


def is_kept(answer: TestResponse) -> bool:
    return answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.node
def test_every_static_file_of_a_page_is_kept_by_browsers(hospital) -> None:
    stranger = hospital.app.test_client()
    for path in ("/", "/sign-in", "/no-such-page"):
        links = LINK.findall(stranger.get(path).text)
        assert len(links) >= 12
        for link in links:
            answer = stranger.get(link)
            assert answer.status_code == 200
            assert is_kept(answer), link
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_what_a_script_or_a_style_names_is_kept_with_it() -> None:
    pattern = re.compile(r"""(?:\bfrom\s++|\bimport\s*+\(?+\s*+|url\()["']([^"']++)["']""")
    names = [
        name
        for path in (*FOLDER.glob("*.mjs"), *FOLDER.glob("*.css"))
        for name in pattern.findall(path.read_text())
    ]
    assert "./digest.mjs" in names
    assert [name for name in names if not name.startswith("./")] == []
    assert not any("url(" in path.read_text() for path in FOLDER.glob("*.css"))


@pytest.mark.parametrize("folder", ["", "0000000000000000/", "ABCDEFABCDEFABCD/"])
def test_at_another_address_a_file_is_asked_for_again(files, folder: str) -> None:
    answer = files.get(f"/static/{folder}sign.mjs")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_that_a_file_is_missing_is_not_kept(files) -> None:
    for link in (f"/static/{hash_files(FOLDER)}/no.mjs", "/static/no.mjs", "/static/../factory.py"):
        answer = files.get(link)
        assert answer.status_code == 404
        assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_the_hash_changes_with_every_name_and_every_byte(tmp_path: Path) -> None:
    def hash_with(files: dict[str, str]) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return hash_files(folder)

    sets = [{"a": "1"}, {"a": "2"}, {"b": "1"}, {"c/a": "1"}, {"a": "1", "b": ""}]
    assert len({hash_with(files) for files in sets}) == len(sets)
    assert hash_with(sets[0]) == hash_with(sets[0])
