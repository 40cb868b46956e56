"""Structured logs that carry no personal word.

A line names the event, the route's rule (never the address: it can hold a token), the status and the time taken. An
exception is logged as its type and the places in the code, never its message: messages hold values. What libraries log,
and warnings, are lines of the same kind: who said it and where, without the words, since these hold values too.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
import warnings
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request

from patient_app.core.ids import new_id

# Their loggers, the web server's own; `_granian` is its native part.
SERVERS = frozenset({"granian", "_granian"})


def configure(*, level: str = "INFO") -> None:
    """Send structured lines to standard output, one JSON object each, times in UTC."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            places_only,
            structlog.processors.JSONRenderer(serializer=_as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=False,
    )
    _take_over_the_libraries(level)
    configure_warnings()


# One for all lines: `json.dumps` makes one each time when it is told what to do with what is not JSON's own.
_ENCODER = json.JSONEncoder(default=repr)


def _as_json(event: Any, **_options: Any) -> str:
    return _ENCODER.encode(event)


def configure_warnings() -> None:
    """Log a warning as its kind and its place."""
    warnings.showwarning = _warning


def log_what_nobody_caught() -> None:
    """Log an exception that ends a thread or this process as any other; Python would print its message."""
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    threading.excepthook = lambda found: _uncaught(found.exc_value)
    sys.unraisablehook = lambda found: _uncaught(found.exc_value)


def _uncaught(error: BaseException | None) -> None:
    if not isinstance(error, SystemExit):
        logger().critical("nobody caught", exc_info=error)


def _take_over_the_libraries(level: str) -> None:
    """Give the root of all other loggers our handler, and take from each those that it brought."""
    root = logging.getLogger()
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))
    for name in list(logging.root.manager.loggerDict):
        found = logging.getLogger(name)
        found.handlers.clear()
        found.propagate = True
    root.handlers = [LibraryHandler()]


class LibraryHandler(logging.Handler):
    """Turns a line of a library into one of ours: its logger, level and place, and never its words.

    Only the web server's are kept, to their first line: they speak of processes, and a traceback begins on the second.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record; whatever it carries, nothing is raised and nothing printed."""
        if not structlog.is_configured():
            configure()
        facts: dict[str, Any] = {"logger": record.name}
        if record.name.partition(".")[0] in SERVERS:
            facts["said"] = record.getMessage().partition("\n")[0]
        else:
            facts["place"] = f"{_short(record.pathname)}:{record.lineno} {record.funcName}"
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        logger().log(level, "library", exc_info=record.exc_info, **facts)


def _warning(  # noqa: PLR0917 - as Python calls it.
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    logger().warning("warning", category=category.__name__, place=f"{_short(filename)}:{lineno}")


def places_only(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and where it was raised."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        event["at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return event


def _exception(asked: object) -> BaseException | None:
    """Return the exception that a line is about, in each of the ways in which one may be given."""
    if isinstance(asked, BaseException):
        return asked
    found = asked if isinstance(asked, tuple) else sys.exc_info() if asked else ()
    return next((part for part in found if isinstance(part, BaseException)), None)


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
