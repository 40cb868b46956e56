"""Addresses for machines: alive, ready, counters, and browsers' reports of a broken policy."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError

from patient_app.core import metrics, migrate
from patient_app.core.access import Permission, access
from patient_app.core.db import DatabaseMissing
from patient_app.core.logs import logger

bp = Blueprint("machines", __name__)


@bp.get("/healthz")
@access(Permission.PUBLIC)
def healthz() -> Response:
    """Answer that the process is alive; asks nobody else."""
    return Response("ok\n", content_type="text/plain")


@bp.get("/readyz")
@access(Permission.PUBLIC)
def readyz() -> tuple[Response, int]:
    """Answer whether both databases can be reached and are at the newest migration."""
    store = current_app.extensions["tandem"].store
    try:
        ready = migrate.current(store.database) == migrate.head("main")
        ready = ready and migrate.current(store.keys.database) == migrate.head("keys")
    except (DBAPIError, DatabaseMissing):
        ready = False
    return Response("ready\n" if ready else "not ready\n", content_type="text/plain"), 200 if ready else 503


@bp.get("/metrics")
@access(Permission.PUBLIC)
def counters() -> Response:
    """Give the counters to who has the token."""
    return metrics.answer(current_app.extensions["tandem"].config.metrics_token, request.headers.get("Authorization"))


@bp.post("/csp-report")
@access(Permission.PUBLIC)
def csp_report() -> tuple[str, int]:
    """Count a report; what it says is not kept, since addresses in it may tell of a person."""
    metrics.POLICY_REPORTS.inc()
    logger().warning("policy report")
    return "", 204
