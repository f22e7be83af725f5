"""The QR code of a link: the modules that segno computes, drawn within the policy of our pages."""

from __future__ import annotations

import re
import secrets

from qr_codes import drawn_modules, modules_of

from web.qr import qr_svg


def test_the_code_draws_each_module_of_the_link() -> None:
    for length in (20, 43, 90):
        link = f"https://records.example/join/{secrets.token_urlsafe(length)}"
        assert drawn_modules(str(qr_svg(link))) == modules_of(link)


def test_the_code_is_an_svg_without_style_script_or_reference() -> None:
    drawing = str(qr_svg('https://records.example/join/a"><script>alert(1)</script>'))
    assert re.findall(r"<(\w+)", drawing) == ["svg", "path", "path"]
    assert set(re.findall(r" ([\w-]+)=", drawing)) <= {
        *("viewBox", "class", "fill", "stroke", "d", "transform"),
    }
