"""The patient's pages of the library: finding a lesson, reading it, keeping it, asking about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.appointments import raising
from patient_app.core import clock, keeping, notices, outbox, work
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.danger_words import names_danger, sounds_like_danger
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import is_looked_at, kept_on_phone
from patient_app.core.pages import render_page
from patient_app.learn import from_phones, given, service, suggesting, supporter_views
from patient_app.learn import library as libraries
from patient_app.learn.blueprint import bp
from patient_app.learn.facts import Lesson, Resource
from patient_app.learn.forms import ChoicesForm, LookForm, MarkForm, QuestionForm
from patient_app.learn.given import OwnGivens
from patient_app.learn.search import Hit
from patient_app.learn.service import Shown
from patient_app.learn.suggesting import Rule, Suggestion
from patient_app.profile import service as profiles

__all__ = ["bp", "supporter_views"]

# So many saved lessons stand whole on one page, for a phone without a network.
MOST_WHOLE = 12

outbox.register("learn.mark", from_phones.take_mark)
outbox.register("learn.ask", from_phones.take_question)

notices.register(
    "learn.lesson",
    lesson_saved=_l("Saved. It stands under Saved, also without a network."),
    lesson_unsaved=_l("Taken off your list."),
    lesson_read=_l("Marked as read."),
    lesson_unread=_l("Not marked as read any more."),
    lesson_asked=_l("Your question stands on the list for your next visit."),
)
notices.register("learn.overview", lesson_choices=_l("Your choice is kept."))
notices.register(
    "learn.given_lessons",
    lesson_put_aside=_l("Put aside. Nobody is told."),
    lesson_put_back=_l("It waits for you again."),
)


@bp.get("/learn")
@access(Permission.LESSONS_READ, records=True)
@kept_on_phone
def overview() -> ResponseReturnValue:
    """Show what is suggested today and why, the paths of the library, and the ways to something else in it.

    On a full day Today has no room for the suggestion; here it always stands, and it is the same one.
    """
    patient = viewer()
    with work.aside():  # There is something to write once a day at most.
        shown = service.shown_to(patient)
        givens = given.own_givens(patient, shown)
        suggested = _suggested(patient, shown, givens)
    lessons = [one.lesson for one in givens.waiting]
    if suggested is not None:
        lessons.append(suggested.lesson)
        if suggested.is_new and is_looked_at():
            service.note_suggested(patient, suggested.noted(_day(patient)))
    _keep_with_it(lessons)
    return render_page(
        "learn/overview.html",
        shown=shown,
        givens=givens,
        suggested=suggested,
        resources=_near_by(asks_about_use=shown.asks_about_use),
        form=LookForm(),
    )


@bp.get("/learn/given")
@access(Permission.LESSONS_READ)
@kept_on_phone
def given_lessons() -> ResponseReturnValue:
    """Show what clinicians gave to the patient: what waits, and what was before."""
    patient = viewer()
    givens = given.own_givens(patient, service.shown_to(patient))
    _keep_with_it(one.lesson for one in givens.waiting)
    return render_page("learn/given.html", givens=givens, closed_until=patient.entries_closed_until)


@bp.post("/learn/given/<uuid:given_lesson_id>/put-aside")
@access(Permission.LESSONS_READ)
def put_aside(given_lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Put one that was given aside; done twice it is once, and nobody is told."""
    given.put_aside(viewer(), given_lesson_id, aside=True)
    return redirect(url_for(".given_lessons", done="lesson-put-aside"), 303)


@bp.post("/learn/given/<uuid:given_lesson_id>/put-back")
@access(Permission.LESSONS_READ)
def put_back(given_lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Have one that was put aside wait again."""
    given.put_aside(viewer(), given_lesson_id, aside=False)
    return redirect(url_for(".given_lessons", done="lesson-put-back"), 303)


@bp.get("/learn/<string:learning_path>", endpoint="path")
@access(Permission.LESSONS_READ)
@kept_on_phone
def show_path(learning_path: str) -> ResponseReturnValue:
    """Show the lessons of a path; any of them may be read first."""
    shown = service.shown_to(viewer())
    found = next(((path, lessons) for path, lessons in shown.paths if path.id == learning_path), None)
    if found is None:
        raise NotFound
    return render_page("learn/path.html", path=found[0], lessons=found[1], kept=shown.kept)


@bp.get("/learn/lessons/<string:lesson>", endpoint="lesson")
@access(Permission.LESSONS_READ)
@kept_on_phone
def show_lesson(lesson: str) -> ResponseReturnValue:
    """Show a lesson: before anything hard a word about it, then all its screens, then what could come next."""
    return _page(viewer(), service.lesson_for(lesson))


@bp.post("/learn/lessons/<string:lesson>/mark")
@access(Permission.LESSONS_READ)
def mark(lesson: str) -> ResponseReturnValue:
    """Save a lesson, or say that it was read, or take either back; done twice is done once."""
    patient, found, form = viewer(), service.lesson_for(lesson), MarkForm()
    if not form.validate() or form.mark.data is None:
        abort(400)  # A button says it: nobody typed anything.
    from_phones.say(patient, found, form.mark.data)
    return redirect(url_for(".lesson", lesson=lesson, done=from_phones.DONE[form.mark.data]), 303)


@bp.post("/learn/lessons/<string:lesson>/ask")
@access(Permission.LESSONS_READ)
def ask(lesson: str) -> ResponseReturnValue:
    """Put a question about a lesson onto the list for the next visit."""
    patient, found, form = viewer(), service.lesson_for(lesson), QuestionForm()
    if not form.validate():
        return _page(patient, found, form), 422
    try:
        from_phones.ask(patient, found, form.id.value, form)
    except raising.TooMany:
        form.add_error("question", from_phones.LIST_FULL)
    except raising.IdTaken:
        form.renew_id()
    else:
        return redirect(url_for(".lesson", lesson=lesson, done="lesson-asked"), 303)
    return _page(patient, found, form), 422


@bp.get("/learn/saved")
@access(Permission.LESSONS_READ)
@kept_on_phone
def saved() -> ResponseReturnValue:
    """Show what was saved, given and suggested today, whole: so it is on the phone when there is no network.

    What was saved and is put aside stands at the end, folded: they asked for both.
    """
    patient = viewer()
    shown = service.shown_to(patient)
    lessons, saved_ones = {lesson.slug: lesson for lesson in shown.lessons}, shown.kept.saved
    suggested = shown.kept.suggested_on(_day(patient))
    kept = [lessons[slug] for slug in saved_ones if slug in lessons]
    by_team = {one.lesson.slug: one.lesson for one in given.own_givens(patient, shown).waiting}
    for_now = dict.fromkeys([*([suggested.slug] if suggested else []), *by_team])
    put_aside = [lesson for lesson in shown.aside if lesson.slug in saved_ones]
    # What does not stand whole on this page is on the phone as a page of its own.
    keeping.keep_too(url_for("learn.lesson", lesson=one.slug) for one in [*kept[MOST_WHOLE:], *put_aside])
    return render_page(
        "learn/saved.html",
        whole=kept[:MOST_WHOLE],
        others=kept[MOST_WHOLE:],
        for_now=[lessons[slug] for slug in for_now if slug in lessons and slug not in saved_ones][:MOST_WHOLE],
        put_aside=put_aside,
        closed_until=patient.entries_closed_until,
    )


@bp.get("/learn/search")
@access(Permission.LESSONS_READ)
def show_search() -> ResponseReturnValue:
    """Ask for words to look for in all lessons."""
    return _search_page(LookForm())


@bp.post("/learn/search")
@access(Permission.LESSONS_READ, reads=True)
def search() -> ResponseReturnValue:
    """Look for words in all lessons. They were sent in a form, so no address, log or history holds them."""
    form = LookForm()
    if not form.validate():
        return _search_page(form), 422
    return _search_page(form, service.find(viewer(), form.words.data))


@bp.get("/learn/choices")
@access(Permission.LESSONS_READ)
def choices() -> ResponseReturnValue:
    """Ask what a person does not want to meet now, and whether lessons are suggested."""
    patient = viewer()
    kept = service.own_learning(patient)
    form = ChoicesForm(not_now=sorted(kept.not_now), suggests=kept.suggests)
    return _choices_page(patient, form)


@bp.post("/learn/choices")
@access(Permission.LESSONS_READ)
def save_choices() -> ResponseReturnValue:
    """Keep it; from now on lists, searches and suggestions go by it."""
    patient, form = viewer(), ChoicesForm()
    form.offer(service.topics_for(patient))
    if not form.validate():
        return _choices_page(patient, form, offered=True), 422
    service.choose(patient, not_now=form.not_now.data, suggests=bool(form.suggests.data))
    return redirect(url_for(".overview", done="lesson-choices"), 303)


@bp.get("/learn/near-by")
@access(Permission.LESSONS_READ)
@kept_on_phone
def near_by() -> ResponseReturnValue:
    """Show who can help near by, as the practice lists them."""
    found = _near_by(asks_about_use=profiles.profile_of(viewer()).asks_about_use)
    return render_page("learn/near_by.html", resources=found)


def _near_by(*, asks_about_use: bool) -> list[Resource]:
    return [one for one in libraries.library().resources if asks_about_use or not one.about_use]


def _day(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).day


def _suggested(patient: Viewer, shown: Shown, givens: OwnGivens) -> Suggestion | None:
    """Return what a rule suggests today; what a clinician gave stands by itself among what the team gave."""
    if patient.entries_closed_from is not None or not shown.kept.suggests:
        return None
    found = suggesting.chosen(shown, suggesting.known_today(patient), givens)
    return found if found is not None and isinstance(found.why, Rule) else None


def _keep_with_it(lessons: Iterable[Lesson]) -> None:
    """Have a phone keep, with the page that is made, these lessons."""
    keeping.keep_too(url_for("learn.lesson", lesson=slug) for slug in sorted({lesson.slug for lesson in lessons}))


def _page(patient: Viewer, lesson: Lesson, question: QuestionForm | None = None) -> str:
    shown, found = service.shown_to(patient), libraries.library()
    kept = shown.kept
    lighter = service.lesson_for(lesson.lighter) if lesson.lighter else None
    by_team = given.own_givens(patient, shown).of_lesson(lesson.slug)
    mark = kept.mark(lesson.slug)
    return render_page(
        "learn/lesson.html",
        lesson=lesson,
        path=found.shelf.paths[lesson.path],
        aside=kept.puts_aside(lesson),
        lighter=None if lighter is None or kept.puts_aside(lighter) else lighter,
        by_team=by_team,
        choices=service.choices_for(lesson, shown),
        mark=mark,
        is_read=mark.read and not by_team,
        mark_form=MarkForm(formdata=None),
        form=question or QuestionForm(formdata=None),
        asks_about_use=not lesson.about_use and shown.asks_about_use,
        on_list=raising.how_many(patient),
        most_on_list=raising.MOST_LINES,
        closed_until=patient.entries_closed_until,
    )


def _search_page(form: LookForm, hits: list[Hit] | None = None) -> str:
    return render_page("learn/search.html", form=form, hits=hits, in_danger=sounds_like_danger(form.words.data))


def _choices_page(patient: Viewer, form: ChoicesForm, *, offered: bool = False) -> str:
    topics = service.topics_for(patient)
    if not offered:
        form.offer(topics)
    return render_page(
        "learn/choices.html",
        form=form,
        names_danger=names_danger(*(str(topic.title) for topic in topics)),
        closed_until=patient.entries_closed_until,
    )
