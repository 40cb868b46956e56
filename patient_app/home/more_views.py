"""More: everything that has no place in the bar of a phone, in a calm order."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.home.blueprint import bp


@bp.get("/more")
@access(Permission.TODAY_READ)
@kept_on_phone
def more() -> ResponseReturnValue:
    """List all other pages of the patient; nothing of theirs stands there."""
    return render_page("home/more.html")
