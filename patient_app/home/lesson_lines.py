"""The one lesson that Today may suggest: one from the team, or by what the person noted, takes and has before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from flask import url_for
from flask_babel import gettext

from patient_app.checkins.service import OwnCheckIn
from patient_app.core import keeping
from patient_app.core.identity import Viewer
from patient_app.home.attention import Line
from patient_app.learn import service, suggesting
from patient_app.learn.given import OwnGiven
from patient_app.learn.service import Suggested
from patient_app.learn.suggesting import Rule
from patient_app.medications.regimen import OwnMedicine
from patient_app.profile.service import Profile

KIND = "lesson"


class LessonLine:
    """The line of one day, for one patient."""

    def __init__(self, patient: Viewer, day: date, profile: Profile) -> None:
        self.patient, self.day, self.profile = patient, day, profile
        self._suggested: Suggested | None = None

    def lines(self, newest: OwnCheckIn | None, medicines: Sequence[OwnMedicine]) -> Iterator[Line]:
        """Yield at most one line, a prompt; it is made only where it can be shown."""
        known = suggesting.known_of(self.patient, self.day, newest, medicines)
        found = suggesting.for_today(self.patient, known, asks_about_use=self.profile.asks_about_use)
        if found is not None:
            self._suggested = found.noted(self.day) if found.is_new else None
            address = url_for("learn.lesson", lesson=found.lesson.slug)
            why, note = _said_of(found.why)
            title, lang = found.lesson.title, found.lesson.other_language
            yield Line(KIND, title, address, is_prompt=True, why=why, note=note, lang=lang)

    def note(self, shown: Iterable[Line]) -> None:
        """Note what is suggested for the first time, if it is shown: it is not suggested again on another day."""
        if self._suggested is not None and any(line.kind == KIND for line in shown):
            service.note_suggested(self.patient, self._suggested)

    def keep(self, shown: Iterable[Line]) -> None:
        """Have the phone keep the lesson that is suggested: it can be read when there is no network by then."""
        if suggested := [line.more for line in shown if line.kind == KIND]:
            keeping.keep_too(suggested)


def _said_of(why: Rule | OwnGiven) -> tuple[str, str]:
    """Return the reason in words, and the note of the clinician who gave it."""
    if isinstance(why, Rule):
        return str(why.because), ""
    return gettext("Your %(discipline)s %(name)s suggests this.", discipline=why.by, name=why.author), why.given.note
