"""Every refusal and fault as a page that is content too: what happened, what to do, the words kept, help beside it.

An error page asks nothing of the database, so it works when everything else is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from patient_app.core import work
from patient_app.core.db import DatabaseBusy, DatabaseMissing
from patient_app.core.forms import without_controls
from patient_app.core.logs import logger

_l = lazy_gettext

UNREACHABLE = (DatabaseBusy, DatabaseMissing, OperationalError)
NEVER_SHOWN_AGAIN = frozenset({"password", "new_password", "current_password", "code", "secret", "id"})
WORDS_AT_LEAST = 2


class NotFound(Exception):
    """There is no such thing for this person: not theirs and not there are the same."""


TEXTS: dict[int, tuple[LazyString, LazyString]] = {
    400: (_l("That did not work"), _l("The page sent something we could not read. Go back and try once more.")),
    401: (_l("Please sign in again"), _l("You were signed out to keep your data safe. Nothing was stored.")),
    403: (
        _l("We stopped that request"),
        _l("It did not come from one of our own pages, so nothing was stored. Open the page here and send it again."),
    ),
    404: (_l("There is no page here"), _l("The address may be old, or it is not for this account.")),
    405: (_l("That did not work"), _l("This page cannot be used that way. Go back and try once more.")),
    413: (_l("That was too much at once"), _l("Nothing was stored. Make the text shorter and send it again.")),
    429: (_l("Please wait a moment"), _l("There were many tries in a short time. Wait a little and try again.")),
    500: (_l("That is our mistake, not yours"), _l("Something broke on our side. Nothing half-done was stored.")),
    503: (
        _l("We cannot reach your data right now"),
        _l("This is our fault, not yours. Nothing was stored. Wait a minute and send it again."),
    ),
}


def init_app(app: Flask) -> None:
    """Answer every refusal and fault with the same plain page."""
    app.register_error_handler(HTTPException, _refusal)
    app.register_error_handler(NotFound, _answerer(404))
    for fault in UNREACHABLE:
        app.register_error_handler(fault, _unreachable)
    app.register_error_handler(Exception, _fault)


def _refusal(error: HTTPException) -> ResponseReturnValue:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, UNREACHABLE):  # The commit at the end of a request failed.
        return _unreachable(cause)
    if cause is not None:
        return _fault(cause)
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:  # A redirect that Werkzeug raised.
        return error.get_response()
    headers = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    nearest = HTTPStatus.BAD_REQUEST if status < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.INTERNAL_SERVER_ERROR
    body, status = error_page(status if status in TEXTS else nearest, status)
    return body, status, headers


def _answerer(status: int) -> Callable[[Exception], ResponseReturnValue]:
    def answer(_error: Exception) -> ResponseReturnValue:
        return error_page(status)

    return answer


def _unreachable(error: Exception) -> ResponseReturnValue:
    logger().error("database unreachable", route=str(request.url_rule), exc_info=error)
    return error_page(503)


def _fault(error: Exception) -> ResponseReturnValue:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _unreachable(error)
    logger().error("fault", route=str(request.url_rule), exc_info=error)
    return error_page(500)


def error_page(kind: int, status: int | None = None) -> tuple[str, int]:
    """Roll back, then render the page for a kind of error; works without database and without a person."""
    work.end()
    g.failsafe = True
    heading, text = TEXTS[kind]
    page = render_template("errors/error.html", status=status or kind, heading=heading, text=text, kept=kept_words())
    return page, status or kind


def kept_words() -> list[tuple[str, str]]:
    """Return the words of a form that was not taken, so that the page can show them; never a password or a code."""
    if request.method != "POST" or request.content_length is None:
        return []
    if request.content_length > (current_app.config["MAX_CONTENT_LENGTH"] or 0):
        return []
    try:
        items = list(request.form.items(multi=True))
    except HTTPException:
        return []
    return [
        (without_controls(name.replace("_", " ").capitalize()), without_controls(text))
        for name, text in items
        if name not in NEVER_SHOWN_AGAIN and len(text.strip()) >= WORDS_AT_LEAST and not name.endswith("_id")
    ]
