"""Which language a phone last spoke, for pages that are nobody's: signing in, joining, help, errors.

A person's language is kept with their account, and holds wherever they are signed in. A cookie keeps the word of it
(and nothing else) on the phone as well, where the browser itself would ask for another; a visitor chooses by a link.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, current_app, g, request

from patient_app.core.config import Config

_KEPT_SECONDS = 400 * 24 * 60 * 60  # The longest that browsers keep a cookie.


def use(language: str) -> None:
    """Say which language this request goes by, so that the phone goes by it from now on."""
    g.spoken = language


def of_visitor(available: Collection[str]) -> str:
    """Return the language for who is not signed in: chosen just now, or before, or the browser's, or English."""
    if (known := g.get("spoken")) in available:  # Somebody is signed in, and a page of errors is drawn for nobody.
        return str(known)
    chosen = request.args.get("language", "")
    if chosen in available:
        use(chosen)
        return chosen
    return _remembered(available) or _of_browser(available)


def init_app(app: Flask) -> None:
    """Let the phone's cookie follow."""
    app.after_request(_remember)


def cookie_name(config: Config) -> str:
    """Return the name of the cookie; only a plain-http localhost goes without the `__Host-` prefix."""
    return "__Host-language" if config.secure_cookies else "language"


def _remembered(available: Collection[str]) -> str | None:
    found = request.cookies.get(cookie_name(_config()))
    return found if found in available else None


def _of_browser(available: Collection[str]) -> str:
    return request.accept_languages.best_match(sorted(available)) or "en"


def _remember(response: Response) -> Response:
    spoken = g.get("spoken")
    if spoken is None or spoken == (request.cookies.get(cookie_name(_config())) or _of_browser({"en", spoken})):
        return response
    response.set_cookie(
        cookie_name(_config()),
        spoken,
        max_age=_KEPT_SECONDS,
        path="/",
        secure=_config().secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _config() -> Config:
    config = current_app.extensions["tandem"].config
    assert isinstance(config, Config)  # noqa: S101 - narrows the type.
    return config
