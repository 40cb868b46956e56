"""The security headers of every answer: pages, errors and static files alike.

No inline script or style exists, so no nonce is needed (a page kept by a service worker would replay an old one).
Trusted Types are enforced. On every page one policy lets a page register our own worker, by its one address
(static/js/phone/main.js); no script here writes HTML. The pages that htmx keeps up to date allow one more, that of
`static/js/parts_policy.js`.
"""

from __future__ import annotations

from flask import Flask, Response, request

from patient_app.core import htmx

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tandem-worker; "
    "report-uri /csp-report; report-to csp"
)

# The one difference on a page that loads htmx.
CONTENT_SECURITY_POLICY_WITH_PARTS = CONTENT_SECURITY_POLICY.replace(
    "trusted-types tandem-worker", "trusted-types tandem-worker tandem-parts"
)

# The addresses that answer with a page or with a part of it, as they are asked.
WITH_PARTS = frozenset(
    {
        "care_team.leave_note",
        "care_team.mark_reviewed",
        "care_team.patient_page",
        "checkins.history",
        "checkins.search_notes",
        "checkins.show_check_in",
        "checkins.show_search",
    }
)
_WITH_PARTS_STATUS = frozenset({200, 422})

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Reporting-Endpoints": 'csp="/csp-report"',
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    # Else the web server would write its own name here; it offers no way to leave the header out.
    "Server": "web",
}

PRIVATE = "no-store"
# Kept by the browser, and asked for again before each use: for what tells of nobody and changes with a release.
ASKED_AGAIN = "no-cache"
_GOOD = frozenset({200, 304})


def init_app(app: Flask, asked_again: frozenset[str] = frozenset()) -> None:
    """Put the headers on every answer; what is not a versioned static file is never stored.

    `asked_again` names the endpoints whose good answers a browser may keep if it asks each time whether they changed.
    """

    def add(response: Response) -> Response:
        is_read = request.method in {"GET", "HEAD"} and response.status_code in _GOOD
        may_keep = is_read and request.endpoint in asked_again
        return _add_headers(response, ASKED_AGAIN if may_keep else PRIVATE)

    app.after_request(add)


def _add_headers(response: Response, kept: str) -> Response:
    response.headers.extend(SECURITY_HEADERS)
    if request.endpoint in WITH_PARTS:
        _say_what_it_is(response)
    if "Cache-Control" not in response.headers or request.endpoint != "static_files":
        response.headers["Cache-Control"] = kept
    return response


def _say_what_it_is(response: Response) -> None:
    response.vary.add("HX-Request")
    if response.status_code not in _WITH_PARTS_STATUS:  # A fault after the page was drawn.
        return
    if htmx.drawn() == htmx.WHOLE:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY_WITH_PARTS
    elif htmx.drawn() == htmx.PART:
        response.headers[htmx.PART_HEADER] = "1"
