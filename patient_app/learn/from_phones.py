"""Takes what was said of lessons without a network, and waited on a phone."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import url_for
from flask_babel import lazy_gettext as _l

from patient_app.appointments import raising
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.learn import service
from patient_app.learn.facts import Lesson
from patient_app.learn.forms import READ, SAVE, UNREAD, UNSAVE, MarkForm, QuestionForm

CLOSED = _l("Saving is closed for now: somebody chose a new password on a new device. Try it again later.")
LIST_FULL = _l("Your list for the next visit holds three things already. Take one off it first.")
_NOT_THERE = _l("This lesson is not offered any more.")
_NO_MARK = _l("This page was out of date. Please tap it again.")
DONE = {SAVE: "lesson-saved", UNSAVE: "lesson-unsaved", READ: "lesson-read", UNREAD: "lesson-unread"}


def take_mark(patient: Viewer, item: Item, *, lesson: str) -> str:
    """Keep what was said of a lesson, unless something newer was said since."""
    form = MarkForm(formdata=item.fields)
    found = _lesson(lesson)
    if not form.validate():
        raise Refused.by(form)
    address = url_for("learn.lesson", lesson=lesson, done=DONE.get(form.mark.data))
    if item.made.clock_is_wrong and _stands(patient, found, form.mark.data):
        return address
    item.check_clock()
    try:
        say(patient, found, form.mark.data, item.made.really_at)
    except NotFound:
        raise Refused([("", CLOSED)]) from None
    except ValueError:
        raise Refused([("mark", _NO_MARK)]) from None
    return address


def take_question(patient: Viewer, item: Item, *, lesson: str) -> str:
    """Put a question onto the list for the next visit."""
    form = QuestionForm(formdata=item.fields)
    found = _lesson(lesson)
    if not form.validate():
        raise Refused.by(form)
    try:
        ask(patient, found, item.id, form)
    except NotFound:
        raise Refused([("", CLOSED)]) from None
    except raising.TooMany:
        raise Refused([("question", LIST_FULL)]) from None
    except raising.IdTaken:
        raise id_cannot_be_used() from None
    return url_for("learn.lesson", lesson=lesson, done="lesson-asked")


def say(patient: Viewer, lesson: Lesson, mark: str | None, at: datetime | None = None) -> None:
    """Keep one word about a lesson; raise `ValueError` for none."""
    if mark in {SAVE, UNSAVE}:
        service.save(patient, lesson, saved=mark == SAVE, at=at)
    elif mark in {READ, UNREAD}:
        service.mark_read(patient, lesson, read=mark == READ, at=at)
    else:
        raise ValueError("No word about the lesson.")


def _stands(patient: Viewer, lesson: Lesson, mark: str | None) -> bool:
    """Whether it is so already: then what waited changes nothing, and it does not matter when it was said."""
    kept = service.own_learning(patient).mark(lesson.slug)
    as_said = {SAVE: kept.saved, UNSAVE: not kept.saved, READ: kept.read, UNREAD: not kept.read}
    return patient.entries_closed_from is None and as_said.get(mark or "", False)


def ask(patient: Viewer, lesson: Lesson, list_id: uuid.UUID, form: QuestionForm) -> None:
    """Put a question onto the list for the next visit; one from a lesson about use is always about use."""
    raising.add_line(patient, list_id, form.line, about_use=lesson.about_use or bool(form.about_use.data))


def _lesson(slug: str) -> Lesson:
    try:
        return service.lesson_for(slug)
    except NotFound:
        raise Refused([("", _NOT_THERE)]) from None
