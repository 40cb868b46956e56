"""The patient's own pages of the dose log: a date, one dose, one taken as needed, and how many there were."""

from __future__ import annotations

import uuid
from datetime import MINYEAR, date, timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment, moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.medications import dose_log, dose_words, doses, parts, regimen, tapping
from patient_app.medications.dose_forms import UNDO, AsNeededForm, DayForm, DoseForm, When, key_of
from patient_app.medications.dose_log import Slot
from patient_app.medications.dose_pages import DosePart, day_part, later_offered, now_for, own_counts
from patient_app.medications.doses import Line, WhenNeeded
from patient_app.medications.doses_from_phones import LIST, take_as_needed, take_day, take_dose
from patient_app.medications.models import DoseState
from patient_app.medications.refusals import NOT_ALL_TAKEN, NOT_DUE, NOT_YET, NOTHING_MARKED
from patient_app.medications.skipping import ABOUT_USE
from patient_app.medications.tapping import Done, Tap
from patient_app.medications.when import PAST_DAYS
from patient_app.profile import service as profiles

bp = Blueprint("doses", __name__)

outbox.register("doses.save_day", take_day)
outbox.register("doses.save_dose", take_dose)
outbox.register("doses.save_as_needed", take_as_needed)

notices.register(
    dose_taken=_l("Written down: taken."),
    dose_later=_l("Put off. It is still on the list."),
    dose_skipped=_l("Written down: skipped. Not sure what to do now? Ask your pharmacist or prescriber."),
    dose_undone=_l("Taken back. It is open again."),
    doses_saved=_l("Written down."),
)

# No list is older than this.
_FIRST_YEAR = MINYEAR + 1900
# What a person sees of the forms of one dose, and of one as needed.
_SEEN = frozenset({"state", "when", "time", "amount", "later", "why", "own_words"})


@bp.get("/medications/days/<string:day>")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show_day(day: str) -> ResponseReturnValue:
    """Show the list of a date that has come; the last days can be filled in."""
    return _day_page(viewer(), _day(day))


@bp.post("/medications/days/<string:day>")
@access(Permission.MEDICATIONS_MANAGE)
def save_day(day: str) -> ResponseReturnValue:
    """Log what is due together: all taken, each as it is marked, or all taken back."""
    patient, which, form = viewer(), _day(day), DayForm()
    problem: LazyString | None = None
    if form.validate():
        try:
            done = tapping.log_day(_tap(patient, form.zone_or(patient.zone)), form, which)
            return redirect(_after(form, which, done), 303)
        except tapping.NothingMarked:
            problem = NOTHING_MARKED
        except tapping.NotAllTaken:
            problem = NOT_ALL_TAKEN
        except dose_log.NotDue:
            problem = NOT_DUE
        except dose_log.IdTaken:
            form.renew_id()
    return _day_page(patient, which, form, problem), 422


@bp.get("/medications/days/<string:day>/<uuid:medicine_id>/<string:slot>")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show_dose(day: str, medicine_id: uuid.UUID, slot: str) -> ResponseReturnValue:
    """Show one dose: what is logged of it, and the form for all else that can be."""
    patient, which = viewer(), Slot(medicine_id, _day(day), slot)
    back = "today" if request.args.get("back") == "today" else ""
    return _dose_page(patient, which, DoseForm(back=back))


@bp.post("/medications/days/<string:day>/<uuid:medicine_id>/<string:slot>")
@access(Permission.MEDICATIONS_MANAGE)
def save_dose(day: str, medicine_id: uuid.UUID, slot: str) -> ResponseReturnValue:
    """Log one dose."""
    patient, which, form = viewer(), Slot(medicine_id, _day(day), slot), DoseForm()
    if form.validate():
        try:
            done = tapping.log_dose(_tap(patient, form.zone_or(patient.zone)), form, which)
            return redirect(_after(form, which.plan_date, done), 303)
        except tapping.NotYet:
            form.add_error("time", NOT_YET)
        except dose_log.NotDue:
            form.add_error("state", NOT_DUE)
        except dose_log.IdTaken:
            form.renew_id()
    return _dose_page(patient, which, form), 422


@bp.get("/medications/as-needed/<uuid:needed_id>")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show_as_needed(needed_id: uuid.UUID) -> ResponseReturnValue:
    """Show what was taken of a medicine as needed, and what one more would mean, before it is written down."""
    patient = viewer()
    today = now_for(patient)
    day = tapping.day_of(request.args.get("day"), today)
    # Today's page names no day: a phone may keep it, and what is tapped there tomorrow is of tomorrow.
    return _as_needed_page(patient, needed_id, AsNeededForm(day="" if day == today.day else day.isoformat()), day)


@bp.post("/medications/as-needed/<uuid:needed_id>")
@access(Permission.MEDICATIONS_MANAGE)
def save_as_needed(needed_id: uuid.UUID) -> ResponseReturnValue:
    """Write one down, or take one back; where it is too soon or too many, that is said first, and never forbidden."""
    patient, form = viewer(), AsNeededForm()
    warned = None
    tap = _tap(patient, form.zone_or(patient.zone))
    day = tapping.day_of(form.day.data, tap.now)
    if form.validate():
        try:
            done = tapping.log_as_needed(tap, form, needed_id, warns=True)
            return redirect(_after(form, day, done), 303)
        except tapping.Warned as found:
            warned = found.one
        except tapping.NotYet:
            form.add_error("time", NOT_YET)
        except dose_log.NotDue:
            form.add_error("when", NOT_DUE)
        except dose_log.IdTaken:
            form.renew_id()
    form.say_above(*(field.name for field in form if form.takes_back or field.name not in _SEEN))
    return _as_needed_page(patient, needed_id, form, day, warned), 422


@bp.get("/medications/counts")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show_counts() -> ResponseReturnValue:
    """Show how many doses were taken, left out and not recorded; three numbers, and no other."""
    together, each = own_counts(viewer())
    return render_page("medications/counts.html", together=together, each=each)


def _tap(patient: Viewer, zone: str) -> Tap:
    return Tap(patient, moment(clock.now(), zone, patient.day_start_minutes))


def _after(form: DayForm | DoseForm | AsNeededForm, day: date, done: Done) -> str:
    if form.is_from_today:
        return url_for(LIST, done=done.word)
    return url_for("doses.show_day", day=day.isoformat(), done=done.word)


def _day(text: str) -> date:
    """Return the date in an address; raise `NotFound` for what is none, and for one that is to come anywhere."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if text != day.isoformat() or not day.year > _FIRST_YEAR or day > clock.now().date() + timedelta(days=1):
        raise NotFound
    return day


def _day_page(patient: Viewer, day: date, form: DayForm | None = None, problem: LazyString | None = None) -> str:
    part = day_part(patient, day, form)
    if form is not None:
        _say_beside(form, part, problem)
    has_earlier, has_later = day > date(_FIRST_YEAR + 1, 1, 1), day < part.today
    return render_page(
        "medications/day.html",
        part=part,
        form=form,
        earlier=day - timedelta(days=1) if has_earlier else None,
        later=day + timedelta(days=1) if has_later else None,
        words=dose_words,
        past_days=PAST_DAYS,
    )


def _say_beside(form: DayForm, part: DosePart, problem: LazyString | None) -> None:
    """Put what is wrong beside the fields of the group that was sent, and above all where it is not shown there."""
    group = part.refused_group()
    marks = [key_of(line.slot) for line in part.open_of(group)] if group else []
    if problem:
        form.add_error("dose", problem)
        form.dose.beside = marks[:1] if problem in (NOTHING_MARKED, NOT_ALL_TAKEN) else []
    form.dose.beside = [key for key in form.dose.beside if key in marks]
    shown = {"why", "own_words"} if group else set()
    shown |= {"later"} if group and part.is_today else set()
    if form.dose.beside:
        form.dose.id = f"state-{form.dose.beside[0]}"
        shown.add("dose")
    for name in shown - {"dose"}:  # The forms of a page share no ids.
        form[name].id = f"{name}-{form.part.data}"
    form.say_above(*(field.name for field in form if field.name not in shown))


def _dose_page(patient: Viewer, slot: Slot, form: DoseForm) -> str:
    part = day_part(patient, slot.plan_date)
    line = part.listed.line(slot)
    _offer(patient, form, line, part.is_today)
    is_shown = part.opens and line.in_plan and not form.is_part(UNDO)
    why = line.logged.why if line.logged else None
    # While a session is in question nobody is named: what is written in it is seen by nobody else.
    closed = patient.entries_closed_from is not None
    form.say_above(*(field.name for field in form if not is_shown or field.name not in _SEEN))
    return render_page(
        "medications/dose.html",
        part=part,
        line=line,
        form=form,
        words=dose_words,
        is_open=line.state is DoseState.OPEN,
        seen_by=[] if closed else parts.who_sees_dose(patient, line.medicine, line.day, why),
        disciplines=DISCIPLINE_NAMES,
        closed_until=patient.entries_closed_until,
    )


def _offer(patient: Viewer, form: DoseForm, line: Line, is_today: bool) -> None:
    """Leave out what cannot be said of this dose: what is past was not put off, nor just now."""
    when = [When.TIME, When.DAY] if line.minute is None else [When.PLANNED, When.TIME, When.DAY]
    form.when.choices = [one for one in form.when.choices if one.value in ([When.NOW, *when] if is_today else when)]
    later = later_offered(patient, clock.now()) if is_today else []
    # What was picked stays, also when that hour is over meanwhile.
    form.later.choices = [
        one for one in form.later.choices if one.value in later or (is_today and one.value == form.later.data)
    ]
    if not is_today:
        form.state.choices = [one for one in form.state.choices if one.value != DoseState.LATER]
    if not profiles.profile_of(patient).asks_about_use:
        form.why.choices = [one for one in form.why.choices if one.value not in ABOUT_USE]


def _as_needed_page(
    patient: Viewer, medicine_id: uuid.UUID, form: AsNeededForm, day: date, warned: WhenNeeded | None = None
) -> str:
    medicine, now = regimen.own_medicine(patient, medicine_id), now_for(patient)
    is_today = day == now.day
    if not is_today:
        form.when.choices = [one for one in form.when.choices if one.value != When.NOW]
    at: Moment = now if is_today else clock.noon_of(day, patient.zone)
    one = warned or doses.one_more(patient, medicine, at)
    return render_page(
        "medications/as_needed.html",
        one=one,
        form=form,
        day=day,
        is_today=is_today,
        warned=warned is not None,
        advice=dose_words.advice_words(one, at.utc_offset) if is_today or warned else [],
        words=dose_words,
    )
