"""Serves Prometheus metrics: requests to the web processes, and the state of the installation."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from services.errors import NotFound
from services.monitoring import Measurements, MonitoringService
from web.view_options import public

EXTENSION: Final = "vouchsafe_metrics"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
PROXY_HEADERS: Final = ("X-Forwarded-For", "Forwarded", "Via")

bp = Blueprint("metrics", __name__)


class Metrics:
    """The metrics of one application.

    Requests are those of all web processes, if they share a folder for their counts
    (PROMETHEUS_MULTIPROC_DIR, which prometheus_client reads); else of this one. Everything else is
    read from the database and the nodes at each scrape.
    """

    def __init__(self, monitoring: MonitoringService, token: str) -> None:
        self._token = token
        self._registry = CollectorRegistry()
        labels = ("endpoint", "method", "status")
        name = "vouchsafe_http_requests"
        self._requests = Counter(name, "HTTP requests.", labels, registry=self._registry)
        name = "vouchsafe_http_request_seconds"
        self._seconds = Histogram(
            name, "Duration of HTTP requests.", ("endpoint",), registry=self._registry
        )
        self._collector = _Collector(monitoring)

    def count_request(self, status: int, duration_s: float) -> None:
        """Count the current request; its URL is not a label, since a stranger may choose it."""
        endpoint = request.endpoint or "none"
        method = request.method if request.endpoint else "none"
        self._requests.labels(endpoint, method, str(status)).inc()
        self._seconds.labels(endpoint).observe(duration_s)

    def is_permitted(self) -> bool:
        """Tell whether the current request may read the metrics.

        With a token set, the token alone is accepted. Otherwise programs of this machine may read
        them, but nobody through a proxy on it.
        """
        if self._token:
            scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
            is_same = hmac.compare_digest(secret.strip().encode(), self._token.encode())
            return scheme.lower() == "bearer" and is_same
        is_proxied = any(name in request.headers for name in PROXY_HEADERS)
        return request.remote_addr in LOOPBACK and not is_proxied

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        state = CollectorRegistry()
        state.register(self._collector)
        counts = self._registry
        if values.ValueClass is not values.MutexValue:
            counts = CollectorRegistry()
            MultiProcessCollector(counts)  # type: ignore[no-untyped-call]
        return bytes(generate_latest(counts) + generate_latest(state))


def install(app: Flask, monitoring: MonitoringService, token: str) -> None:
    """Count each request of an application, and serve its metrics at /metrics."""
    metrics = app.extensions[EXTENSION] = Metrics(monitoring, token)
    app.register_blueprint(bp)

    @app.before_request
    def start() -> None:
        g.metrics_start_s = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        metrics.count_request(response.status_code, time.perf_counter() - g.metrics_start_s)
        return response


@bp.get("/metrics")
@public
def get_metrics() -> Response:
    """Return the metrics; to those who may not read them, the page does not exist."""
    metrics: Metrics = current_app.extensions[EXTENSION]
    if not metrics.is_permitted():
        raise NotFound
    return Response(metrics.text(), content_type=CONTENT_TYPE)


class _Collector:
    """Turns measurements into metrics at each scrape."""

    def __init__(self, monitoring: MonitoringService) -> None:
        self._monitoring = monitoring

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not measure."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield each metric; those of an unavailable part are left out."""
        measured = self._monitoring.measure()
        yield from _labelled(measured)
        for name, text, value in (
            ("ledger_lag_seconds", "Since the ledger was last seen.", measured.ledger_lag_s),
            ("ledger_block_age_seconds", "Age of the last seen block.", measured.block_age_s),
            ("anchor_age_seconds", "Age of the newest journal anchor.", measured.anchor_age_s),
            ("unanchored_rows", "Journal rows after the anchor.", measured.unanchored_rows),
            ("refused_revocations", "Revocations to sign again.", measured.refused_revocations),
            ("drifting_models", "Models with drift last month.", measured.drifting_models),
            ("disk_free_bytes", "Free space for files.", measured.disk_free_bytes),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"vouchsafe_{name}", text, value)


def _labelled(measured: Measurements) -> Iterator[Metric]:
    parts = GaugeMetricFamily("vouchsafe_part_up", "1 if a part is available.", labels=["part"])
    for part, is_up in measured.parts.items():
        parts.add_metric([part], float(is_up))
    yield parts
    name, text = "vouchsafe_decisions", "Journalled releases and refusals of records, by outcome."
    decisions = CounterMetricFamily(name, text, labels=["outcome"])
    for outcome, count in measured.outcomes.items():
        decisions.add_metric([outcome], count)
    yield decisions
    name, text = "vouchsafe_chain_nodes", "Chain nodes by what they show beside the others."
    nodes = GaugeMetricFamily(name, text, labels=["state"])
    for node_state, count in measured.chain_nodes.items():
        nodes.add_metric([node_state], count)
    yield nodes
    jobs = GaugeMetricFamily("vouchsafe_jobs", "Active jobs.", labels=["kind", "state"])
    for (kind, state), count in measured.jobs.items():
        jobs.add_metric([kind, state], count)
    yield jobs
