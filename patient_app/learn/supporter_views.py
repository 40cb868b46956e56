"""The supporters' own pages: lessons for family and friends, which can be looked for and saved, and a private space.

What they save and write there is theirs alone: neither the people they support nor the practice sees any of it.
"""

from __future__ import annotations

import uuid

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.checkins.words import MOODS
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.danger_words import sounds_like_danger
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.learn import library as libraries
from patient_app.learn import own_notes, own_shelf, service
from patient_app.learn.blueprint import bp
from patient_app.learn.facts import Audience, Lesson
from patient_app.learn.forms import SAVE, UNSAVE, LookForm, MarkForm, OwnNoteForm
from patient_app.learn.search import Hit
from patient_app.safety.service import help_lines

# Of the help lines, those that are for who stands by somebody too.
FOR_SUPPORTERS = ("lifeline", "veterans", "crisis_text_line", "samhsa")

notices.register(
    "learn.supporter_lesson",
    own_lesson_saved=_l("Saved, for you alone."),
    own_lesson_unsaved=_l("Taken off your list."),
)
notices.register(
    "learn.own_space",
    own_note_kept=_l("Kept, for you alone."),
    own_note_gone=_l("It is gone."),
)


@bp.get("/supporting/learn")
@access(Permission.OWN_SPACE_KEEP)
def for_supporters() -> ResponseReturnValue:
    """Show the paths for family and friends, and what this one saved of them."""
    found = libraries.library()
    by_path = found.by_path(libraries.language(), Audience.SUPPORTERS)
    paths = [(path, by_path[path.id]) for path in found.paths(Audience.SUPPORTERS)]
    return render_page(
        "learn/for_supporters.html", paths=paths, saved=_saved(), resources=found.resources, form=LookForm()
    )


@bp.get("/supporting/learn/search")
@access(Permission.OWN_SPACE_KEEP)
def show_supporter_search() -> ResponseReturnValue:
    """Ask for words to look for in the lessons for family and friends."""
    return _search_page(LookForm())


@bp.post("/supporting/learn/search")
@access(Permission.OWN_SPACE_KEEP, reads=True)
def supporter_search() -> ResponseReturnValue:
    """Look for words in the lessons for family and friends; no address, log or history holds them."""
    form = LookForm()
    if not form.validate():
        return _search_page(form), 422
    found, language = libraries.library(), libraries.language()
    lessons = [lesson for those in found.by_path(language, Audience.SUPPORTERS).values() for lesson in those]
    return _search_page(form, found.find(form.words.data, language, lessons))


@bp.get("/supporting/lessons/<string:supporter_lesson>")
@access(Permission.OWN_SPACE_KEEP)
def supporter_lesson(supporter_lesson: str) -> ResponseReturnValue:
    """Show a lesson for family and friends."""
    lesson = service.lesson_for(supporter_lesson, Audience.SUPPORTERS)
    try:
        lighter = service.lesson_for(lesson.lighter, Audience.SUPPORTERS) if lesson.lighter else None
    except NotFound:
        lighter = None
    return render_page(
        "learn/supporter_lesson.html",
        lesson=lesson,
        lighter=lighter,
        is_saved=lesson.slug in own_shelf.saved(viewer()),
        mark_form=MarkForm(formdata=None),
    )


@bp.post("/supporting/lessons/<string:supporter_lesson>/mark")
@access(Permission.OWN_SPACE_KEEP)
def mark_supporter_lesson(supporter_lesson: str) -> ResponseReturnValue:
    """Save a lesson for later, or not any more; done twice is done once."""
    lesson, form = service.lesson_for(supporter_lesson, Audience.SUPPORTERS), MarkForm()
    if not form.validate() or form.mark.data not in {SAVE, UNSAVE}:
        abort(400)  # A button says it: nobody typed anything.
    saved = form.mark.data == SAVE
    own_shelf.save(viewer(), lesson, saved=saved)
    done = "own-lesson-saved" if saved else "own-lesson-unsaved"
    return redirect(url_for(".supporter_lesson", supporter_lesson=lesson.slug, done=done), 303)


@bp.get("/supporting/me")
@access(Permission.OWN_SPACE_KEEP)
def own_space() -> ResponseReturnValue:
    """Show how the supporter was doing, for themselves alone, and who is there for them."""
    return _own_page(OwnNoteForm())


@bp.post("/supporting/me")
@access(Permission.OWN_SPACE_KEEP)
def save_own_note() -> ResponseReturnValue:
    """Keep how the supporter is doing; sent twice it is kept once."""
    person, form = viewer(), OwnNoteForm()
    if not form.validate():
        return _own_page(form), 422
    try:
        when = moment(clock.now(), person.zone, person.day_start_minutes)
        own_notes.write(person, form.id.value, form.feels.data, form.words.data or "", when)
    except own_notes.NothingSaid:
        form.add_error("feels", _l("There is nothing to keep yet. Pick one, or write a word."))
    except own_notes.IdTaken:
        form.renew_id()
    else:
        return redirect(url_for(".own_space", done="own-note-kept"), 303)
    return _own_page(form), 422


@bp.post("/supporting/me/<uuid:own_note_id>/remove")
@access(Permission.OWN_SPACE_KEEP)
def remove_own_note(own_note_id: uuid.UUID) -> ResponseReturnValue:
    """Take a note away for good."""
    own_notes.take_away(viewer(), own_note_id)
    return redirect(url_for(".own_space", done="own-note-gone"), 303)


def _search_page(form: LookForm, hits: list[Hit] | None = None) -> str:
    in_danger = sounds_like_danger(form.words.data)
    return render_page("learn/supporter_search.html", form=form, hits=hits, in_danger=in_danger)


def _own_page(form: OwnNoteForm) -> str:
    lines = {line["id"]: line for line in help_lines()}
    return render_page(
        "learn/own_space.html",
        form=form,
        notes=own_notes.own_notes(viewer()),
        saved=_saved(),
        moods=MOODS,
        help_lines=[lines[id_] for id_ in FOR_SUPPORTERS if id_ in lines],
    )


def _saved() -> list[Lesson]:
    found, language = libraries.library(), libraries.language()
    by_slug = {one.slug: one for those in found.by_path(language, Audience.SUPPORTERS).values() for one in those}
    return [by_slug[slug] for slug in own_shelf.saved(viewer()) if slug in by_slug]
