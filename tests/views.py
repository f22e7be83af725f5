"""The views that the application serves, as their decorators declare them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask

from web import api, pages
from web.view_options import ViewOptions, options_of


@dataclass(frozen=True)
class Operation:
    """One view: its method, its path in OpenAPI's notation, and its options."""

    method: str
    path: str
    options: ViewOptions

    @property
    def roles(self) -> frozenset[str]:
        return self.options.roles or frozenset()


def operations(app: Flask, prefix: str = "api.") -> list[Operation]:
    """Return the views of an application whose endpoints begin with `prefix`."""
    return [
        Operation(
            next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})),
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix(api.PREFIX),
            options_of(app.view_functions[rule.endpoint]),
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(prefix) and rule.endpoint != "static"
    ]


def api_operations() -> list[Operation]:
    """Return every view of the API, without a platform."""
    return _declared(api.BLUEPRINTS)


def page_operations() -> list[Operation]:
    """Return every page, without a platform."""
    return _declared(pages.BLUEPRINTS)


def _declared(parts: Sequence[Blueprint]) -> list[Operation]:
    app, whole = Flask("views"), Blueprint("whole", __name__)
    for part in parts:
        whole.register_blueprint(part)
    app.register_blueprint(whole)
    return operations(app, "")
