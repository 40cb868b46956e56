"""By which name each supporter sees the patient: shown, chosen, and taken back."""

from __future__ import annotations

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import seen_as
from patient_app.accounts.people import SupportRow
from patient_app.accounts.seen_as import Way
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.sharing import names, service
from patient_app.sharing.blueprint import bp
from patient_app.sharing.forms import NameForm


@bp.get("/sharing/supporters/<uuid:link_id>/name")
@access(Permission.SHARING_MANAGE, step_up=True)
def supporter_name(link_id: uuid.UUID) -> ResponseReturnValue:
    """Ask by which name a supporter sees the patient, beginning with how it is."""
    patient = viewer()
    row = service.own_supporter(patient, link_id)
    return _page(row, NameForm(seen_as.names_of(patient), row.seen_as.way))


@bp.post("/sharing/supporters/<uuid:link_id>/name")
@access(Permission.SHARING_MANAGE, step_up=True, takes_time=True)
def save_supporter_name(link_id: uuid.UUID) -> ResponseReturnValue:
    """Keep by which name a supporter sees the patient, from now on."""
    patient = viewer()
    row = service.own_supporter(patient, link_id)
    form = NameForm(seen_as.names_of(patient), row.seen_as.way)
    if not form.validate():
        return _page(row, form), 422
    try:
        seen_as.choose(patient, link_id, form.way)
    except seen_as.NotOffered:  # Changed at this very moment.
        form.add_error("sees", _l("What you are called has changed. Look at the names here, then save again."))
        return _page(row, form), 422
    return _to_card(row)


@bp.post("/sharing/supporters/<uuid:link_id>/chart-name")
@access(Permission.SHARING_MANAGE)
def show_chart_name(link_id: uuid.UUID) -> ResponseReturnValue:
    """Let a supporter see the name in the chart again: taking back asks for no password."""
    patient = viewer()
    row = service.own_supporter(patient, link_id)
    seen_as.choose(patient, link_id, Way.CHART)
    return _to_card(row)


def _page(row: SupportRow, form: NameForm) -> str:
    return render_page("sharing/name.html", supporter=row, form=form, seen=names.seen_words(row))


def _to_card(row: SupportRow) -> ResponseReturnValue:
    """Lead back to the card of the supporter, which says how they see the patient now."""
    place = service.anchor(f"person:{row.supporter_id}")
    return redirect(url_for("sharing.overview", now=names.CHOSEN, of=row.link_id, _anchor=place), 303)
