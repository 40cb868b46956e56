"""Short confirmations shown after a redirect, named by a word in the address (`?done=sharing-paused`).

Nothing about a person stands in the address, and no cookie or session holds the text. Features register their words.
"""

from __future__ import annotations

from flask import request
from flask_babel import LazyString

_NOTICES: dict[str, LazyString] = {}


def register(**words: LazyString) -> None:
    """Add confirmations: `register(sharing_paused=_l("Sharing is paused."))` for `?done=sharing-paused`."""
    for word, text in words.items():
        _NOTICES[word.replace("_", "-")] = text


def current_notice() -> str | None:
    """Return the confirmation that the address asks for, or None for an unknown word."""
    text = _NOTICES.get(request.args.get("done", ""))
    return None if text is None else str(text)
