"""Looking for words in one's own notes. Notes are sealed, so they are opened one by one, newest first.

Each search opens at most `MOST_OPENED` notes and returns at most `PAGE_HITS`; the last one looked at is where to go on.
What was looked for is kept nowhere.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from sqlalchemy import and_, bindparam, or_, select

from patient_app.checkins.history import open_note
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import OWN, SHOWN_VERSION, asked_by
from patient_app.core.identity import Viewer
from patient_app.core.work import db

PAGE_HITS = 20
MOST_OPENED = 1000
BEFORE_HIT, LONGEST_SNIPPET = 60, 220

_NOTES = (
    select(
        CheckIn.id,
        CheckIn.day,
        CheckIn.private,
        CheckInVersion.id.label("version_id"),
        CheckInVersion.note_sealed,
        CheckInVersion.note_about_use,
    )
    .join(CheckInVersion, SHOWN_VERSION)
    .where(OWN, CheckInVersion.note_sealed.is_not(None))
    .order_by(CheckIn.occurred_at.desc(), CheckIn.id.desc())
    .limit(MOST_OPENED + 1)
)
_NOTES_BEFORE = _NOTES.where(
    or_(
        CheckIn.occurred_at < bindparam("occurred_at"),
        and_(CheckIn.occurred_at == bindparam("occurred_at"), CheckIn.id < bindparam("before")),
    )
)
_WHEN = select(CheckIn.occurred_at).where(OWN, CheckIn.id == bindparam("before"))
# Marks that a letter carries, in the scripts that write them as signs of their own.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc]"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A note in which all the words stand, and a part of it in pieces, each with whether it was looked for."""

    id: uuid.UUID
    day: date
    private: bool
    pieces: list[tuple[str, bool]]
    about_use: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, newest first. `next` is where to go on, if there are more notes; `back_to` the last day looked at."""

    hits: list[Hit]
    next: uuid.UUID | None
    back_to: date | None


def find_notes(patient: Viewer, words: str, before: uuid.UUID | None = None) -> Found:
    """Return own notes that hold all of these words, or parts of words, whatever their case and accents.

    `before` is the `next` of the page before; what is no check-in of one's own begins at the newest.
    """
    wanted = [plain for word in words.split() if (plain := folded(word))]
    asked = asked_by(patient)
    occurred_at = before and db().scalar(_WHEN, {**asked, "before": before})
    if occurred_at:
        rows = db().execute(_NOTES_BEFORE, {**asked, "before": before, "occurred_at": occurred_at})
    else:
        rows = db().execute(_NOTES, asked)
    hits: list[Hit] = []
    last = None
    for number, row in enumerate(rows):
        if number == MOST_OPENED or len(hits) == PAGE_HITS:
            return Found(hits, last and last.id, last and last.day)
        note = open_note(patient.id, row.version_id, row.note_sealed)
        plain = folded(note)
        if wanted and all(word in plain for word in wanted):
            hits.append(Hit(row.id, row.day, row.private, pieces_of(note, wanted), row.note_about_use))
        last = row
    return Found(hits, None, last and last.day)


def folded(text: str) -> str:
    """Return a text as it is compared: without case and without the marks that letters carry."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def pieces_of(note: str, wanted: list[str]) -> list[tuple[str, bool]]:
    """Return the part of a note around the first place of a (folded) word, cut where words stand."""
    places = _places(note, wanted)
    first = places[0][0] if places else 0
    start = 0 if first <= BEFORE_HIT else first - BEFORE_HIT
    end = min(len(note), start + LONGEST_SNIPPET)
    if start and (space := note.find(" ", start, first)) >= 0:
        start = space + 1
    if end < len(note) and (space := note.rfind(" ", first + 1, end)) > start:
        end = space
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for begins, ends in places:
        if ends > end or begins < at:
            continue
        pieces += [(note[at:begins], False), (note[begins:ends], True)]
        at = ends
    pieces.append((note[at:end] + (" …" if end < len(note) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _places(note: str, wanted: list[str]) -> list[tuple[int, int]]:
    """Return where the words stand in the note as it was written; places that touch or overlap are one."""
    parts = [folded(letter) for letter in note]
    starts = [0, *accumulate(len(part) for part in parts)]
    plain = "".join(parts)

    def ends(at: int) -> int:
        """Return the letter after a place; marks that belong to its last letter are inside."""
        return bisect_right(starts, starts[bisect_left(starts, at)]) - 1

    found = sorted(
        (bisect_right(starts, match.start()) - 1, ends(match.end()))
        for word in wanted
        for match in re.finditer(re.escape(word), plain)
    )
    joined: list[tuple[int, int]] = []
    for first, last in found:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
