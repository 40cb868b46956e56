"""What a patient keeps of the library: saved, read, put aside, suggested. It is theirs alone; no consent opens it.

All of it is one sealed text, as in `profile`. Of what was said of one lesson on two devices, the later word
holds, by when it was said: what waited on a phone undoes nothing newer.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from patient_app.accounts.registry import row_for_change
from patient_app.core import clock, not_now
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.learn import library as libraries
from patient_app.learn.facts import Audience, Lesson, Link, Path, Topic
from patient_app.learn.models import Learning as Row
from patient_app.learn.search import Hit
from patient_app.profile import service as profiles
from patient_app.skills import library as skills

_EVER = datetime(1, 1, 1, tzinfo=UTC)
# Of what was suggested, so many are remembered: none of them is suggested again.
MOST_SUGGESTED = 100
_BY_PATIENT = Prepared(select(Row.kept_sealed).where(Row.patient_id == bindparam("patient_id")))


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person said of one lesson: whether it is saved, whether it was read, and when they last said so."""

    saved: bool = False
    saved_at: datetime = _EVER
    read: bool = False
    read_at: datetime = _EVER


@dataclass(frozen=True, slots=True)
class Suggested:
    """That a lesson was suggested on a day, and by which rule."""

    day: date
    slug: str
    rule: str


@dataclass(frozen=True, slots=True)
class Learning:
    """All that a person keeps here."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    not_now: frozenset[str] = frozenset()
    suggests: bool = True
    suggested: tuple[Suggested, ...] = ()
    # Of the lessons that a clinician gave, by the id of that: those that the person put aside one by one.
    given_aside: frozenset[uuid.UUID] = frozenset()

    def mark(self, slug: str) -> Mark:
        """Return what was said of a lesson."""
        return self.marks.get(slug, Mark())

    @property
    def saved(self) -> list[str]:
        """The saved lessons, the last saved first."""
        found = [(mark.saved_at, slug) for slug, mark in self.marks.items() if mark.saved]
        return [slug for _at, slug in sorted(found, reverse=True)]

    def suggested_on(self, day: date) -> Suggested | None:
        """Return what a day suggested already."""
        return next((one for one in reversed(self.suggested) if one.day == day), None)

    def puts_aside(self, lesson: Lesson) -> bool:
        """Whether the person does not want to meet a lesson now."""
        return not self.not_now.isdisjoint(lesson.topics)


def own_learning(patient: Viewer) -> Learning:
    """Return what the patient keeps; nothing, in a session that is in question. One statement."""
    if patient.entries_closed_from is not None:
        return Learning()
    row = _BY_PATIENT.first(connection(), {"patient_id": patient.id})
    if row is None or row.kept_sealed is None:
        return Learning()
    place = Place(Row.__tablename__, "kept_sealed", patient.id, patient.id)
    return _read(json.loads(vault().open(place, row.kept_sealed)))


def save(patient: Viewer, lesson: Lesson, *, saved: bool, at: datetime | None = None) -> None:
    """Save a lesson for later, or not any more; an older word than the last changes nothing. Needs a writing unit.

    Raise `NotFound` in a session that is in question, as all that writes here.
    """
    moment = at or clock.now()
    row, kept = _for_change(patient)
    mark = kept.mark(lesson.slug)
    if moment >= mark.saved_at:  # Said over, it counts from now on: what waited in between undoes nothing.
        _put(row, _with_mark(kept, lesson, replace(mark, saved=saved, saved_at=moment)))


def mark_read(patient: Viewer, lesson: Lesson, *, read: bool, at: datetime | None = None) -> None:
    """Say that a lesson was read, or not any more; an older word than the last changes nothing."""
    moment = at or clock.now()
    row, kept = _for_change(patient)
    mark = kept.mark(lesson.slug)
    if moment >= mark.read_at:  # Read once more is read later: a lesson that was given since then waits no longer.
        _put(row, _with_mark(kept, lesson, replace(mark, read=read, read_at=moment)))


def choose(patient: Viewer, *, not_now: Iterable[str], suggests: bool) -> None:
    """Say which topics are not for now (these, of those there are, and no others), and whether lessons are suggested.

    What was put aside and is not here any more stays as it was said: the practice may bring it back.
    """
    row, kept = _for_change(patient)
    known = libraries.library().shelf.topics
    gone = {topic for topic in kept.not_now if topic not in known}
    aside = frozenset({*gone, *(topic for topic in not_now if topic in known)})
    _put(row, replace(kept, not_now=aside, suggests=suggests))


def set_given_aside(patient: Viewer, assignment_id: uuid.UUID, *, aside: bool) -> None:
    """Put one lesson that was given aside, or back; that it was given to the patient, `given` knows."""
    row, kept = _for_change(patient)
    changed = kept.given_aside | {assignment_id} if aside else kept.given_aside - {assignment_id}
    if changed != kept.given_aside:
        _put(row, replace(kept, given_aside=changed))


def note_suggested(patient: Viewer, one: Suggested) -> None:
    """Note what a day suggested, once; a session in question notes nothing."""
    if patient.entries_closed_from is not None:
        return
    row, kept = _for_change(patient)
    if kept.suggested_on(one.day) is None:
        _put(row, replace(kept, suggested=(*kept.suggested, one)[-MOST_SUGGESTED:]))


# --- what is shown -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """The library as one person sees it. `aside` are lessons that they put aside; they stand at the end, by title.

    `asks_about_use`: alcohol or drugs play a part for them, or may; else no lesson here is about that.
    """

    kept: Learning
    paths: tuple[tuple[Path, tuple[Lesson, ...]], ...]
    aside: tuple[Lesson, ...]
    asks_about_use: bool = True

    @property
    def lessons(self) -> list[Lesson]:
        """Every lesson that is shown, in its order."""
        return [lesson for _path, lessons in self.paths for lesson in lessons]


def shown_to(patient: Viewer, *, asks_about_use: bool | None = None) -> Shown:
    """Return what a patient may be shown: nothing about use where it plays no part, nothing that they put aside.

    `asks_about_use` is what their profile says, where the caller has it already.
    """
    kept, found = own_learning(patient), libraries.library()
    asks = profiles.profile_of(patient).asks_about_use if asks_about_use is None else asks_about_use
    by_path = found.by_path(libraries.language(), Audience.PATIENTS)
    told = {id_: [one for one in those if asks or not one.about_use] for id_, those in by_path.items()}
    paths = []
    for path in found.paths():
        lessons = tuple(one for one in told[path.id] if not kept.puts_aside(one))
        if lessons:
            paths.append((path, lessons))
    aside = tuple(one for those in told.values() for one in those if kept.puts_aside(one))
    return Shown(kept, tuple(paths), aside, asks)


def lesson_for(slug: str, audience: Audience = Audience.PATIENTS) -> Lesson:
    """Return a lesson in the reader's language; raise `NotFound` for one that is not there, or for other people."""
    found = libraries.library()
    lesson = found.lesson(slug, libraries.language())
    if found.audience_of(lesson) is not audience:
        raise NotFound
    return lesson


def choices_for(lesson: Lesson, shown: Shown) -> list[Link]:
    """Return what could come after a lesson for one person: nothing about what they put aside, and always a way on."""
    put_aside, exercises = {one.slug for one in shown.aside}, skills.all_exercises()

    def is_put_aside(link: Link) -> bool:
        kind, _colon, name = link.to.partition(":")
        if kind == "exercise" and name in exercises:
            return not shown.kept.not_now.isdisjoint(exercises[name].topics)
        return kind == "lesson" and name in put_aside

    return [choice for choice in lesson.choices if not is_put_aside(choice)]


def topics_for(patient: Viewer) -> list[Topic]:
    """Return the topics that a patient can put aside."""
    asks = profiles.profile_of(patient).asks_about_use
    return [topic for topic in libraries.library().shelf.topics.values() if asks or not topic.about_use]


def find(patient: Viewer, words: str) -> list[Hit]:
    """Look for words in all lessons that the patient is shown."""
    return libraries.library().find(words, libraries.language(), shown_to(patient).lessons)


not_now.answered_by(lambda patient: own_learning(patient).not_now)


# --- how it is kept ----------------------------------------------------------------------------------------------


def _with_mark(kept: Learning, lesson: Lesson, mark: Mark) -> Learning:
    return replace(kept, marks={**kept.marks, lesson.slug: mark})


def _for_change(patient: Viewer) -> tuple[Row, Learning]:
    """Return the row, locked, and what it says."""
    if patient.entries_closed_from is not None:
        raise NotFound
    row = row_for_change(Row, patient)
    return row, _read(json.loads(row.kept)) if row.kept else Learning()


def _put(row: Row, kept: Learning) -> None:
    row.kept, row.changed_at = json.dumps(_written(kept)), clock.now()


def _written(kept: Learning) -> dict[str, Any]:
    return {
        "marks": {
            slug: [mark.saved, mark.saved_at.isoformat(), mark.read, mark.read_at.isoformat()]
            for slug, mark in kept.marks.items()
        },
        "not_now": sorted(kept.not_now),
        "suggests": kept.suggests,
        "suggested": [[one.day.isoformat(), one.slug, one.rule] for one in kept.suggested],
        "given_aside": sorted(str(one) for one in kept.given_aside),
    }


def _read(said: Mapping[str, Any]) -> Learning:
    return Learning(
        marks={
            slug: Mark(saved, datetime.fromisoformat(saved_at), read, datetime.fromisoformat(read_at))
            for slug, (saved, saved_at, read, read_at) in said["marks"].items()
        },
        not_now=frozenset(said["not_now"]),
        suggests=said["suggests"],
        suggested=tuple(Suggested(date.fromisoformat(day), slug, rule) for day, slug, rule in said["suggested"]),
        given_aside=frozenset(uuid.UUID(one) for one in said.get("given_aside", ())),
    )
