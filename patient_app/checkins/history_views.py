"""The patient's own history: over time, by month, and looking for words in notes."""

from __future__ import annotations

from datetime import date, timedelta

from flask import request, url_for
from flask.typing import ResponseReturnValue

from patient_app.checkins import history, history_words, search
from patient_app.checkins.asks import Asks
from patient_app.checkins.blueprint import bp
from patient_app.checkins.history_forms import SearchForm
from patient_app.checkins.words import answer_words
from patient_app.core import clock
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.profile.service import profile_of

# No entry is older; days before it cannot be counted back from.
EARLIEST = date(1900, 1, 1)
# What changes from one period, month, day or search to the next.
PARTS = ("part", "notice")
PERIODS = {str(period): period for period in history_words.PERIODS}


@bp.get("/history", endpoint="history")
@access(Permission.CHECK_INS_READ)
@kept_on_phone
def show_history() -> ResponseReturnValue:
    """Show a period as a chart above the newest check-ins, or a month, or a day of it."""
    patient = viewer()
    today = _today(patient)
    chosen = _day(request.args.get("day"), today + history.AHEAD)
    month = chosen or _day(f"{request.args.get('month')}-01", today + history.AHEAD)
    if month is not None:
        return _show_month(patient, month, chosen, today)
    return _show_period(patient, PERIODS.get(request.args.get("period", ""), history_words.USUAL_PERIOD), today)


def _show_period(patient: Viewer, period: int, today: date) -> ResponseReturnValue:
    profile = profile_of(patient)
    fold, asks = profile.fold_use, Asks.of(profile.things)
    days = history.days_between(patient, history_words.first_day_read(period, today), today + history.AHEAD)
    newest = max([today, *(day.day for day in days[-1:])])
    after, until = _day(request.args.get("after"), today), _day(request.args.get("until"), today)
    page = history.entries_on(patient, after) if after else history.entries_back(patient, until or today, today)
    return _render(
        patient,
        today,
        "checkins/history.html",
        figures=history_words.figures(days, period, newest, fold=fold, asks=asks),
        period=period,
        periods=history_words.period_words(),
        page=page,
        words=answer_words(asks),
        said_of_use=history_words.use_words(asks),
        fold=fold,
    )


def _show_month(patient: Viewer, month: date, chosen: date | None, today: date) -> ResponseReturnValue:
    profile = profile_of(patient)
    fold, asks = profile.fold_use, Asks.of(profile.things)
    first = month.replace(day=1)
    days = history.days_between(patient, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    earlier = history.has_earlier(patient, first)
    return _render(
        patient,
        today,
        "checkins/history_month.html",
        month=history_words.month_of(month, days, today, has_earlier=earlier, fold=fold, asks=asks),
        chosen=chosen,
        page=history.entries_of(patient, chosen) if chosen else None,
        words=answer_words(asks),
        said_of_use=history_words.use_words(asks),
        fold=fold,
    )


@bp.get("/history/days")
@access(Permission.CHECK_INS_READ)
@kept_on_phone
def show_days() -> ResponseReturnValue:
    """Show all check-ins of the last 30 days on one page: what a phone keeps to be read without a network."""
    patient = viewer()
    today, profile = _today(patient), profile_of(patient)
    asks = Asks.of(profile.things)
    return _render(
        patient,
        today,
        "checkins/history_days.html",
        page=history.entries_since(patient, today - timedelta(days=history.KEPT_DAYS - 1)),
        number=history.KEPT_DAYS,
        words=answer_words(asks),
        said_of_use=history_words.use_words(asks),
        fold=profile.fold_use,
    )


@bp.get("/history/search")
@access(Permission.CHECK_INS_READ)
def show_search() -> ResponseReturnValue:
    """Ask for words to look for in one's own notes."""
    return _show_found(viewer(), SearchForm(), None)


@bp.post("/history/search")
@access(Permission.CHECK_INS_READ, reads=True)
def search_notes() -> ResponseReturnValue:
    """Look for words in one's own notes. They were sent in a form, so no address, log or history holds them."""
    form, patient = SearchForm(), viewer()
    if not form.validate():
        return _show_found(patient, form, None), 422
    return _show_found(patient, form, search.find_notes(patient, form.words.data, form.start))


def _show_found(patient: Viewer, form: SearchForm, found: search.Found | None) -> str:
    fold = profile_of(patient).fold_use
    return _render(patient, _today(patient), "checkins/history_search.html", form=form, found=found, fold=fold)


def _render(patient: Viewer, today: date, template: str, **context: object) -> str:
    """Render one of the three views with what they share."""
    base = url_for("checkins.history")
    return render_page(template, PARTS, base=base, today=today, closed_until=patient.entries_closed_until, **context)


def _today(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).day


def _day(text: str | None, today: date) -> date | None:
    """Return the day that an address names, at most today; None for anything else."""
    try:
        return max(min(date.fromisoformat(text or ""), today), EARLIEST)
    except ValueError:
        return None
