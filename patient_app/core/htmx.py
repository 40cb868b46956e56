"""Parts of pages for htmx: some blocks of the very template that draws the whole page, drawn alone.

A part says so in a header of its own: what does not (a page to sign in, a fault, a page of the web server) is never put
into a page, the script goes there instead. `core/headers.py` says which pages have parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app, g, request

# With what a page was drawn: `pages.render_page` notes it, `core/headers.py` reads it.
WHOLE, PART = "whole", "part"
PART_HEADER = "X-Page-Part"


def asks_for_part() -> bool:
    """Whether htmx asks for a part of a page, and will put it where the page says."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") == "partial"


def drawn() -> str | None:
    """Return whether this answer is a page that has parts, or a part of one; None for every other answer."""
    found: str | None = g.get("drawn_in_parts")
    return found


def render_parts(template: str, blocks: Iterable[str], context: dict[str, Any]) -> str:
    """Draw blocks of a template as they stand in its whole page, after the page's title.

    What templates set and import before their first word is done, up to that word of the layout; nothing else is drawn.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # The context wants the application itself.
    page = app.jinja_env.get_template(template)
    app.update_template_context(context)
    drawing = page.new_context(context)
    next(page.root_render_func(drawing), None)
    title, *parts = ("".join(drawing.blocks[name][0](drawing)) for name in ("title", *blocks))
    return "".join([f"<title>{title}</title>", *parts])
