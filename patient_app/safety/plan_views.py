"""A patient's own safety plan: shown first, and changed a step at a time."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.consent import receipts
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles
from patient_app.safety import plan as plans
from patient_app.safety import plan_words as words
from patient_app.safety.models import Step
from patient_app.safety.plan_forms import StepForm, form_of

bp = Blueprint("safety_plan", __name__)

_CLOSED = _l("Your plan is closed for now: somebody chose a new password on a new device. Send this again later.")
_STALE = _l("You changed this step on another device. Look at both, and save what is right.")

notices.register("safety_plan.show", plan_saved=_l("Saved. What it said before is kept."))


@bp.before_request
def _while_closed() -> ResponseReturnValue | None:
    """Show nothing of a plan to whoever came in by a clinic code, until it is known who that was; help stays."""
    patient = viewer()
    if patient.entries_closed_until is None:
        return None
    status = 200 if request.method in {"GET", "HEAD"} else 422
    return render_page("safety/plan_closed.html", closed_until=patient.entries_closed_until), status


@bp.get("/safety")
@access(Permission.SAFETY_PLAN_MANAGE)
@kept_on_phone
def show() -> ResponseReturnValue:
    """Show the plan: one whole page, with everybody who can be called."""
    patient = viewer()
    plan = plans.own_plan(patient)
    reachable = practice.reachable(patient.practice_id)
    naloxone = plan.words(Step.NALOXONE)
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    return render_page(
        "safety/plan.html",
        plan=plan,
        six=words.SIX,
        headings=words.HEADINGS,
        practice_name=reachable.name,
        practice_numbers=reachable.numbers,
        shows_naloxone=Step.NALOXONE in plan.steps or profiles.profile_of(patient).asks_about_use,
        has_expired=words.has_expired(naloxone, today),
        expires_soon=words.expires_soon(naloxone, today),
        made_with=words.MADE_WITH,
        seen_by=_seen_by(patient, plan),
    )


@bp.get("/safety/<string:step>")
@access(Permission.SAFETY_PLAN_MANAGE)
@kept_on_phone
def change(step: str) -> ResponseReturnValue:
    """Show the form of one step, filled with what it says."""
    patient, which = viewer(), _step(step)
    written = plans.own_step(patient, which)
    said = written.words if written else plans.StepWords()
    form = form_of(which, said, base=str(written.version if written else 0))
    return _form_page(patient, which, form, written)


@bp.post("/safety/<string:step>")
@access(Permission.SAFETY_PLAN_MANAGE)
def save(step: str) -> ResponseReturnValue:
    """Keep a step; one that was changed elsewhere meanwhile is shown beside it."""
    patient, which = viewer(), _step(step)
    written = plans.own_step(patient, which)
    form = form_of(which, written.words if written else plans.StepWords())
    newer = None
    if form.validate():
        try:
            plans.save_step(patient, which, form.id.value, form.said(), base=form.base_version())
            return redirect(url_for(".show", done="plan-saved", _anchor=which), 303)
        except plans.Stale:
            newer, form.base.data = written, str(written.version if written else 0)
            form.add_error(form.first, _STALE)
        except plans.IdTaken:
            form.renew_id()
    return _form_page(patient, which, form, written, newer), 422


def take_step(patient: Viewer, item: Item, *, step: str) -> str:
    """Keep a step that waited on a phone; one that was changed elsewhere meanwhile is refused, never merged."""
    which = _step(step)
    if patient.entries_closed_until is not None:
        raise Refused([("", _CLOSED)])
    written = plans.own_step(patient, which)
    form = form_of(which, written.words if written else plans.StepWords(), formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    address, said = url_for("safety_plan.show", done="plan-saved", _anchor=which), form.said()
    if item.made.clock_is_wrong and plans.was_saved(patient, which, item.id, said):
        return address
    try:
        plans.save_step(patient, which, item.id, said, base=form.base_version(), day=item.moment(patient).day)
    except plans.Stale:
        raise Refused([(form.first, _STALE)]) from None
    except plans.IdTaken:
        raise id_cannot_be_used() from None
    return address


outbox.register("safety_plan.save", take_step)


@bp.get("/safety/<string:step>/earlier")
@access(Permission.SAFETY_PLAN_MANAGE)
def earlier(step: str) -> ResponseReturnValue:
    """Show what a step said before."""
    which = _step(step)
    return render_page(
        "safety/plan_earlier.html",
        step=which,
        heading_words=words.HEADINGS[which],
        found=plans.earlier(viewer(), which, request.args.get("page", 1, type=int)),
        made_with=words.MADE_WITH,
    )


def _step(text: str) -> Step:
    try:
        return Step(text)
    except ValueError:
        raise NotFound from None


def _seen_by(patient: Viewer, plan: plans.Plan) -> list[str]:
    """Return the names of all who can see any step: a consent may open only what was written from some day on."""
    days = {written.day for written in plan.steps.values()}
    found = [one for day in sorted(days) for one in receipts.who_sees(patient, day, words.parts_of(plan, day))]
    return list(dict.fromkeys(one.name for one in found if one.discipline and not one.waits))


def _form_page(
    patient: Viewer,
    step: Step,
    form: StepForm,
    written: plans.Written | None,
    newer: plans.Written | None = None,
) -> str:
    marked = written is not None and written.words.about_use
    return render_page(
        "safety/plan_step.html",
        step=step,
        form=form,
        heading_words=words.HEADINGS[step],
        hint=words.HINTS[step],
        number=words.SIX.index(step) + 1 if step in words.SIX else None,
        has_earlier=written is not None and written.version > 1,
        newer=newer,
        made_with=words.MADE_WITH,
        asks_about_use=marked or profiles.profile_of(patient).asks_about_use,
    )
