"""Refuses requests that other sites make a browser send. No tokens, so none can expire or be stored in a queue.

An unsafe method needs `Sec-Fetch-Site: same-origin` or, where a browser sends none, an `Origin` that is exactly ours.
Every browser that supports web push sends the first (Chrome 76, Firefox 90, Safari 16.4).
"""

from __future__ import annotations

from flask import Flask, abort, request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, origin: str, exempt: frozenset[str] = frozenset()) -> None:
    """Check each unsafe request; `exempt` names endpoints that change nothing (browsers' reports)."""

    def check_same_origin() -> None:
        if request.method in SAFE_METHODS or request.endpoint in exempt:
            return
        if not is_same_origin(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), origin):
            abort(403)

    app.before_request(check_same_origin)


def is_same_origin(fetch_site: str | None, sent_origin: str | None, own_origin: str) -> bool:
    """Whether a browser says that one of our own pages made the request; silence is a no."""
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return sent_origin == own_origin
