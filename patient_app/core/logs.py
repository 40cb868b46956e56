"""Structured logs that carry no personal word.

A line names the event, the route's rule (never the address: it can hold a token), the status and the time taken. An
exception is logged as its type and the places in the code, never its message: messages hold values.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from patient_app.core.ids import new_id


def configure(*, level: str = "INFO") -> None:
    """Send structured lines to standard output, one JSON object each, times in UTC."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            places_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=False,
    )


def places_only(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and where it was raised."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        event["at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return event


def _short(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[-3:])


def logger() -> structlog.stdlib.BoundLogger:
    """Return the logger; pass facts as keywords, never a person's words."""
    found: structlog.stdlib.BoundLogger = structlog.get_logger()
    return found


def init_app(app: Flask) -> None:
    """Log one line a request."""

    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = str(new_id())

    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint not in {"static_files", "machines.healthz"}:
            logger().info(
                "request",
                request_id=g.get("request_id"),
                method=request.method,
                route=str(request.url_rule) if request.url_rule else None,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            )
        return response

    app.before_request(start)
    app.after_request(finish)
