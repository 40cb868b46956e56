"""Help now: open to everybody, and made so that a broken database cannot break it."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from patient_app.accounts import practice
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer_or_none
from patient_app.core.keeping import kept_on_phone
from patient_app.safety.service import help_doors, help_lines

bp = Blueprint("safety", __name__)

# Read at start: a missing or broken file is noticed before anybody needs it.
help_lines()
help_doors()


@bp.get("/help")
@access(Permission.PUBLIC)
@kept_on_phone
def help_now() -> ResponseReturnValue:
    """Show what to do and whom to call; the practice's own numbers are added where they can be had."""
    person = viewer_or_none()
    # Who needs help does not wait for a database that just failed a moment ago.
    reachable = practice.reachable(person.practice_id if person else None, ask=not g.get("database_failed"))
    return render_template(
        "safety/help.html",
        help_lines=help_lines(),
        help_doors=help_doors(),
        practice_name=reachable.name or None,
        practice_numbers=reachable.numbers,
        opening_hours=practice.hours_in_words(reachable.hours),
        other_clock=practice.other_clock(reachable.zone, person.zone) if person else "",
    )
