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
from patient_app.core.forms import words_of
from patient_app.core.keys import KeyGone
from patient_app.core.logs import logger

_l = lazy_gettext

UNREACHABLE = (DatabaseBusy, DatabaseMissing, OperationalError)


class NotFound(Exception):
    """There is no such thing for this person: not theirs and not there are the same."""


TEXTS: dict[int, tuple[LazyString, LazyString]] = {
    400: (_l("That did not work"), _l("The page sent something we could not read. Go back and try once more.")),
    401: (_l("Please sign in again"), _l("You were signed out to keep your data safe. What you sent was not stored.")),
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
    app.register_error_handler(KeyGone, _gone)
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


def _gone(_error: KeyGone) -> ResponseReturnValue:
    """Answer a page of somebody whose key was destroyed: there is nobody any more."""
    logger().warning("key gone", route=str(request.url_rule))
    return error_page(404)


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
    kept = [] if kind == HTTPStatus.FORBIDDEN and not request.cookies else kept_words()
    page = render_template(
        "errors/error.html", status=status or kind, heading=heading, text=text, kept=kept, again=_page_again()
    )
    return page, status or kind


def _page_again() -> str | None:
    """Return the address of the page that a form came from, where there is one at the form's own address."""
    if request.method == "POST" and current_app.url_map.bind("").test(request.path, "GET"):
        return request.path
    return None


def kept_words() -> list[tuple[str, str]]:
    """Return what was answered in a form that was not taken, in words; never a password, a code or a hidden field.

    Nothing is shown of a form that came from elsewhere: without a cookie of ours a 403 answers another site's words,
    which shall not stand on a page of ours.
    """
    if request.method != "POST" or request.content_length is None:
        return []
    if request.content_length > (current_app.config["MAX_CONTENT_LENGTH"] or 0):
        return []
    try:
        return words_of(request.form)
    except HTTPException:
        return []
