"""The name and icon under which a person sees the application: its own, or a plain one that says nothing.

A person's choice is kept with their account. A cookie keeps the word of it (and nothing else) on the phone as well, so
that the page for signing in, an error page and an icon added to the home screen bear the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.core.config import Config

OWN = "own"
_KEPT_SECONDS = 400 * 24 * 60 * 60  # The longest that browsers keep a cookie.


@dataclass(frozen=True, slots=True)
class Face:
    """One choice. `word` stands in addresses and names the icons; without a `name` it is the product's own."""

    word: str
    name: LazyString | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing of this face may say what the application is for."""
        return self.name is not None

    @property
    def shown_name(self) -> str:
        """The name, in the reader's language."""
        return current_app.extensions["tandem"].config.product_name if self.name is None else str(self.name)

    @property
    def manifest(self) -> str:
        """The address of the manifest; it tells the choice and nothing of whose it is."""
        return f"/manifest.webmanifest?as={self.word}" if self.is_plain else "/manifest.webmanifest"

    def icon(self, kind: str) -> str:
        """Return the name of an icon among the static files: `.svg`, `-192.png`, `-maskable-512.png` and so on."""
        return f"icons/app/{self.word}{kind}"


FACES = {face.word: face for face in (Face(OWN), Face("notes", _l("Notes")), Face("days", _l("Days")))}


def named(word: str | None) -> Face:
    """Return the face with this word; the product's own for none, and for a word that is unknown."""
    return FACES.get(word or OWN, FACES[OWN])


def use(word: str) -> None:
    """Say which face the signed-in person chose; the rest of this request, and then this phone, goes by it."""
    g.face = named(word).word


def current() -> Face:
    """Return the face of this request: the signed-in person's, else the one that was last used on this phone.

    The address may name one too (`?as=notes`): the worker fetches pages that are nobody's without any cookie.
    """
    if not has_request_context():
        return FACES[OWN]
    return named(g.get("face") or request.cookies.get(cookie_name(_config())) or request.args.get("as"))


def cookie_name(config: Config) -> str:
    """Return the name of the cookie; only a plain-http localhost goes without the `__Host-` prefix."""
    return "__Host-face" if config.secure_cookies else "face"


def init_app(app: Flask) -> None:
    """Let the phone's cookie follow the choice of the person who uses it."""
    app.after_request(_remember)


def _remember(response: Response) -> Response:
    chosen, config = g.get("face"), _config()
    if chosen is None or chosen == (request.cookies.get(cookie_name(config)) or OWN):
        return response
    age = 0 if chosen == OWN else _KEPT_SECONDS
    response.set_cookie(
        cookie_name(config),
        "" if chosen == OWN else chosen,
        max_age=age,
        path="/",
        secure=config.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _config() -> Config:
    config = current_app.extensions["tandem"].config
    assert isinstance(config, Config)  # noqa: S101 - narrows the type.
    return config
