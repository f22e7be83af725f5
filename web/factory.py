"""Builds the Flask application: limits, headers, errors, blueprints."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from models import number_heading
from services.requests.wording import find_language
from services.wiring import Services
from services.words import as_sentence
from web import access_log, errors, metrics, static_files
from web.api import api
from web.api.fhir import fhir
from web.current import EXTENSION
from web.figures import write_estimate, write_figure
from web.health import health
from web.pages import pages
from web.private_request import BUFFER_BYTES, PrivateRequest
from web.qr import qr_svg

MAX_BODY_BYTES = 16 * 2**20
MAX_FORM_PARTS = 100
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-create=(self), publickey-credentials-get=(self), "
    "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer. Not `no-referrer`: browsers would then send forms with `Origin: null`."""
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def create_app(services: Services, proxies: int = 0, metrics_token: str = "") -> Flask:
    """Return the application; no service is called until a request comes.

    Who asks is the address that the outermost of our `proxies` saw; with none, the socket's.
    """
    app = Flask("web", static_folder=None)
    app.request_class = PrivateRequest
    app.url_map.merge_slashes = False  # the redirect would lead to the host that a request names
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=BUFFER_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
    )
    if proxies:
        # Of what a proxy adds, the address alone: host and scheme are the site's, from settings.
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, 0, 0, 0, 0)  # type: ignore[method-assign]
    app.jinja_env.filters["sentence"] = as_sentence
    app.jinja_env.filters["qr"] = qr_svg
    app.jinja_env.filters["figure"] = write_figure
    app.jinja_env.filters["estimate"] = write_estimate
    app.jinja_env.filters["language"] = find_language
    app.jinja_env.globals["numbered"] = number_heading
    static_files.install(app)
    access_log.install(app)
    errors.install(app)
    app.extensions[EXTENSION] = services
    metrics.install(app, services.monitoring, metrics_token)
    app.register_blueprint(health(services))
    app.register_blueprint(api(services))
    app.register_blueprint(fhir(services))
    app.register_blueprint(pages(services))
    headers = HEADERS | (TLS_HEADERS if services.installation.site.is_secure else {})

    @app.after_request
    def guard(answer: Response) -> Response:
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer

    return app
