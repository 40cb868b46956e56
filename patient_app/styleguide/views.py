"""The style guide's page. The factory adds it only where `DEVELOPMENT` is set."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.pages import render_page
from patient_app.styleguide import tokens
from patient_app.styleguide.forms import samples

bp = Blueprint("styleguide", __name__)


@lru_cache(maxsize=1)
def _style_sheet() -> str:
    return tokens.STYLE_SHEET.read_text(encoding="utf-8")


@bp.get("/styleguide")
@access(Permission.PUBLIC)
def styleguide() -> ResponseReturnValue:
    """Show every token with its contrast, and every component in its states."""
    css = _style_sheet()
    return render_page(
        "styleguide/styleguide.html",
        tokens=tokens.tokens(css),
        colours=tokens.colours(css),
        measured=tokens.measured(css),
        forms_by_state=samples(),
    )
