"""The page on which an administrator changes a patient's chart."""

from __future__ import annotations

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from patient_app.accounts import charts, people
from patient_app.accounts.blueprint import bp
from patient_app.accounts.models import PersonState
from patient_app.accounts.practice_forms import ChartForm
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

notices.register(
    "accounts.person",
    chart_unchanged=_l("The chart is saved."),
    chart_changed=_l(
        "The chart is saved. E-mail goes to the new address. The name this person signs in with is still the same."
    ),
    chart_invited_anew=_l(
        "The chart is saved. A new invitation is on its way to the new address. The one before stopped working."
    ),
    chart_invitation_ended=_l("The chart is saved. The invitation stopped working. Hand over a code instead."),
)
# What is said beside the e-mail address, before it is changed.
JOINED = _l(
    "A new address does not change the name this person signs in with. They get a note at both addresses, and links "
    "we sent before stop working. They are asked on their devices if the new address is right. Until they say yes, a "
    "new password chosen by e-mail keeps what they wrote closed for a day."
)
NOT_JOINED = _l("With a new address, a new invitation goes there. The one before stops working.")
CLOSED = _l("The account is closed, so nothing is sent there now.")


@bp.get("/practice/people/<uuid:person_id>/chart")
@access(Permission.PRACTICE_MANAGE, step_up=True)
def chart(person_id: uuid.UUID) -> ResponseReturnValue:
    """Show a patient's chart to be changed."""
    kept = people.chart(viewer(), person_id)
    form = ChartForm(
        data={
            "name": kept.row.name,
            "chart_number": kept.row.chart_number,
            "date_of_birth": kept.row.date_of_birth.isoformat(),
            "email": kept.email,
            "address": kept.address,
            "emergency_contact": kept.emergency_contact,
        }
    )
    return _page(kept, form), 200


@bp.post("/practice/people/<uuid:person_id>/chart")
@access(Permission.PRACTICE_MANAGE, step_up=True)
def save_chart(person_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a patient's chart; the same form sent again changes nothing more."""
    kept, form = people.chart(viewer(), person_id), ChartForm()
    if form.validate():
        try:
            outcome = charts.change_chart(viewer(), person_id, form.words())
            return redirect(url_for("accounts.person", person_id=person_id, done=_done(outcome)), 303)
        except people.ChartNumberTaken:
            form.add_error("chart_number", gettext("Another patient has this chart number. Check it, or use another."))
    return _page(kept, form), 422


def _done(outcome: charts.EmailOutcome) -> str:
    return f"chart-{outcome}".replace("_", "-")


def _page(kept: people.Chart, form: ChartForm) -> str:
    form.email.description = _about_email(kept.row.state)
    return render_page("accounts/practice_chart.html", form=form, person_id=kept.row.id)


def _about_email(state: PersonState) -> LazyString:
    return {PersonState.INVITED: NOT_JOINED, PersonState.CLOSED: CLOSED}.get(state, JOINED)
