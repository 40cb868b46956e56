"""Counters for the operator's monitoring; labels are routes and statuses, never people."""

from __future__ import annotations

import hmac
import os
import time
from functools import lru_cache

from flask import Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("tandem_requests", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("tandem_request_seconds", "Time to answer", ["route"], buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3))
POLICY_REPORTS = Counter("tandem_policy_reports", "Reports of a broken content security policy")


def init_app(app: Flask) -> None:
    """Count every request."""

    def count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"
        requests, seconds = _counters(route, request.method if request.url_rule else "other", response.status_code)
        requests.inc()
        seconds.observe(time.perf_counter() - g.get("started", time.perf_counter()))
        return response

    app.after_request(count)


@lru_cache(maxsize=1024)
def _counters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, status), SECONDS.labels(route)


def answer(token: str, sent: str | None) -> Response:
    """Return the counters to who sends the configured token as `Authorization: Bearer`; else there is no such page."""
    if not token or not hmac.compare_digest(f"Bearer {token}".encode(), (sent or "").encode()):
        abort(404)
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
