"""Short confirmations shown after a redirect, named by a word in the address (`?done=sharing-paused`).

Nothing about a person stands in the address, and no cookie or session holds the text. Features register their words,
and on which pages they may stand. An address that another site made up shows nothing: a browser says where a link came
from.
"""

from __future__ import annotations

from flask import request
from flask_babel import LazyString

_NOTICES: dict[str, tuple[LazyString, tuple[str, ...]]] = {}
_OURS = frozenset({None, "same-origin"})  # A browser without Fetch Metadata says nothing.


def register(*endpoints: str, **words: LazyString) -> None:
    """Add confirmations: `register("sharing.overview", paused=_l("Paused."))` for `?done=paused` on that page.

    Without endpoints the words may stand on any page.
    """
    for word, text in words.items():
        _NOTICES[word.replace("_", "-")] = text, endpoints


def current_notice() -> str | None:
    """Return the confirmation that the address asks for, or None for a word that is unknown or not for this page."""
    text, endpoints = _NOTICES.get(request.args.get("done", ""), (None, ()))
    if text is None or request.headers.get("Sec-Fetch-Site") not in _OURS:
        return None
    return str(text) if not endpoints or request.endpoint in endpoints else None
