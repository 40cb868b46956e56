"""Adding a medicine: its name, how it is taken, and then only the questions of that kind.

No address names a medicine: what is looked for is sent in a form, and one that was found stands in the address as a
word that says nothing (`pages.code_of`).
"""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.medications import catalogue, changing, pages
from patient_app.medications.blueprint import bp
from patient_app.medications.changing import Author
from patient_app.medications.facts import ForSubstanceUse, Medicine
from patient_app.medications.filling_in import STALE, put_beside
from patient_app.medications.forms import SearchForm
from patient_app.medications.pages import now_of
from patient_app.medications.plan_forms import Kind, MedicineForm, data_for
from patient_app.medications.plan_kinds import FORMS, NAMES
from patient_app.medications.writing import IdTaken, Refused, Stale


@bp.get("/medications/new")
@access(Permission.MEDICATIONS_MANAGE)
def new() -> ResponseReturnValue:
    """Ask what it is called."""
    return render_page("medications/search.html", form=SearchForm(), found=None)


@bp.post("/medications/new")
@access(Permission.MEDICATIONS_MANAGE, reads=True)
def search() -> ResponseReturnValue:
    """Show what is called like that, and the way on with one's own words."""
    form = SearchForm()
    if not form.validate():
        return render_page("medications/search.html", form=form, found=None), 422
    found = [(medicine, pages.code_of(medicine)) for medicine in catalogue.find(form.name.data)]
    return render_page("medications/search.html", form=form, found=found, kinds=NAMES)


@bp.get("/medications/new/how")
@access(Permission.MEDICATIONS_MANAGE)
def how() -> ResponseReturnValue:
    """Ask how it is taken."""
    return render_page("medications/how.html", medicine=_medicine(), code=request.args.get("of"), kinds=NAMES, own=None)


@bp.get("/medications/new/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def ask(kind: str) -> ResponseReturnValue:
    """Show the questions of one kind, with what is known of the medicine filled in."""
    medicine = _medicine()
    form = _form(kind_named(kind), medicine)
    return _page(form, medicine)


@bp.post("/medications/new/own-words")
@access(Permission.MEDICATIONS_MANAGE, reads=True)
def own_words() -> ResponseReturnValue:
    """Go on with a name that is not in the catalogue, as it was typed."""
    search, kind = SearchForm(), request.form.get("kind", "")
    if not search.validate() or kind not in NAMES:
        return render_page("medications/search.html", form=search, found=[], kinds=NAMES), 422
    form = _form(Kind(kind), None, name=search.name.data)
    return _page(form, None)


@bp.post("/medications/new/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def add(kind: str) -> ResponseReturnValue:
    """Store the medicine; the same one sent again gives the same answer."""
    patient, form = viewer(), FORMS[kind_named(kind)]()
    medicine = catalogue.get(form.catalogue.data)
    form.offer(medicine)
    moment = now_of(patient)
    is_valid, schedule = form.validate(), form.schedule(moment.local_date)
    if schedule is None or not is_valid:
        return _page(form, medicine), 422
    try:
        changing.start(
            Author.patient(patient),
            form.id.value,
            form.id.value,
            form.said(),
            schedule,
            about_use=form.is_about_use,
            moment=moment,
            private=bool(form.private.data),
        )
        address = url_for("medications.show_medicine", medicine_id=form.id.value, done="medicine-added")
        return redirect(address, 303)
    except Refused as refused:
        put_beside(form, refused)
    except IdTaken:
        form.renew_id()
    except Stale:
        form.add_error(form.first, STALE)
    return _page(form, medicine), 422


def kind_named(word: str) -> Kind:
    """Return the kind that an address names; raise `NotFound`."""
    try:
        return Kind(word)
    except ValueError:
        raise NotFound from None


def _medicine() -> Medicine | None:
    return pages.by_code(request.args.get("of"))


def _form(kind: Kind, medicine: Medicine | None, **data: object) -> MedicineForm:
    told = {**data_for(medicine, now_of(viewer()).local_date), **data}
    form = FORMS[kind](formdata=None, **told)
    form.offer(medicine)
    return form


def _page(form: MedicineForm, medicine: Medicine | None) -> str:
    always = medicine is not None and medicine.for_substance_use is ForSubstanceUse.ALWAYS
    if always:
        form.about_use.data = form.about_use.data or "yes"
    return render_page(
        "medications/add.html",
        form=form,
        medicine=medicine,
        always=always,
        kind_name=NAMES[form.kind][0],
        code=pages.code_of(medicine) if medicine else None,
    )
