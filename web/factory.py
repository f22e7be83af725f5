"""Builds the Flask application on a platform: limits, headers, errors, blueprints."""

from __future__ import annotations

from flask import Flask, Response, render_template

from web.health import health
from web.platform import Platform

MAX_BODY_BYTES = 16 * 2**20
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(platform: Platform) -> Flask:
    """Return the application; nothing is asked of the platform until a request comes."""
    app = Flask("web")
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES)
    app.register_blueprint(health(platform))

    @app.get("/")
    def home() -> str:
        """What this is, and where the ledger stands."""
        return render_template("home.html", development=platform.development)

    @app.after_request
    def guard(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return app
