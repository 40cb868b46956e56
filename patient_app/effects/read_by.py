"""Who can see a side effect or a weekly note now, and who has read it: receipts, told to the patient alone.

Both stand on one page of a clinician's (`reading.effects`), whose reading is recorded; the rules of what is open there
are said here from the patient's side, and a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, false, func, or_, select

from patient_app.access_log.models import AccessKind
from patient_app.consent import hiding, receipts
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Entry, HasRead, Hidden, Part, Sees, Words
from patient_app.core.identity import Viewer
from patient_app.core.work import connection
from patient_app.effects.models import ResponseNote, ResponseVersion, SideEffect, SideEffectVersion
from patient_app.effects.parts import note_parts, own_words, parts_of
from patient_app.effects.service import OwnEffect
from patient_app.effects.weekly import OwnNote
from patient_app.medications.models import Medicine
from patient_app.medications.regimen import OwnMedicine

_EFFECT = (
    select(
        SideEffect.recorded_seq,
        SideEffect.recorded_at,
        SideEffect.hidden,
        Medicine.hidden.label("medicine_hidden"),
        or_(SideEffect.while_closed, func.coalesce(Medicine.while_closed, false())).label("never_shown"),
        SideEffectVersion.recorded_seq.label("said_seq"),
        SideEffectVersion.note_about_use,
        SideEffectVersion.note_sealed.is_not(None).label("has_note"),
    )
    .join(SideEffectVersion, SideEffectVersion.side_effect_id == SideEffect.id)
    .outerjoin(Medicine, Medicine.id == SideEffectVersion.medicine_id)
    .where(SideEffect.id == bindparam("entry_id"), SideEffect.patient_id == bindparam("patient_id"))
    .order_by(SideEffectVersion.version)
)
_NOTES = (
    select(
        ResponseNote.week,
        ResponseNote.recorded_seq,
        ResponseNote.recorded_at,
        ResponseNote.shown_version,
        ResponseVersion.version,
        ResponseVersion.recorded_seq.label("said_seq"),
        ResponseVersion.words_sealed.is_not(None).label("has_note"),
        ResponseVersion.words_about_use.label("note_about_use"),
    )
    .join(ResponseVersion, ResponseVersion.note_id == ResponseNote.id)
    .where(
        ResponseNote.patient_id == bindparam("patient_id"),
        ResponseNote.week.in_(bindparam("weeks", expanding=True)),
        ResponseNote.while_closed.is_(False),
    )
    .order_by(ResponseVersion.version)
)


@dataclass(frozen=True, slots=True)
class ReadBy:
    """Who can see an entry now, and who has read it, the latest first; nobody while a session is in question."""

    seen_by: Sequence[Sees] = ()
    has_read: Sequence[HasRead] = ()


def of_effect(patient: Viewer, entry: OwnEffect, medicine: OwnMedicine | None) -> ReadBy:
    """Return the receipts of a side effect of the patient's own, which comes from a medicine, or from none."""
    if patient.entries_closed_from is not None:
        return ReadBy()
    # Without its medicine, which was taken off the list, nobody is shown it.
    its_medicine_is_open = entry.said.medicine_id is None if medicine is None else not medicine.is_only_theirs
    closed = entry.is_only_theirs or not its_medicine_is_open
    day = entry.day if medicine is None else min(entry.day, medicine.newest.day)
    now = parts_of(entry, medicine)
    seen_by = [] if closed else receipts.who_sees(patient, day, now)
    rows = connection().execute(_EFFECT, {"entry_id": entry.id, "patient_id": patient.id}).all()
    if all(row.never_shown for row in rows):  # Whoever looked meanwhile did not have it on their page.
        return ReadBy(seen_by)
    hidden = [*hiding.times(rows[-1].hidden), *hiding.times(rows[-1].medicine_hidden)] if rows else []
    return ReadBy(seen_by, _has_read(patient, entry.day, rows, now, hidden))


def of_notes(patient: Viewer, notes: Sequence[OwnNote], medicines: Sequence[OwnMedicine]) -> dict[date, ReadBy]:
    """Return the receipts of weekly notes of the patient's own, who has these medicines, by the week.

    As many statements for all of them as for one. One that was written in a session in question has none: nobody else
    reads it.
    """
    if patient.entries_closed_from is not None or not notes:
        return {}
    versions: dict[date, list[Any]] = {}
    for row in connection().execute(_NOTES, {"patient_id": patient.id, "weeks": [note.week for note in notes]}):
        versions.setdefault(row.week, []).append(row)
    standing = receipts.standing(patient)
    seen_by: dict[date, Sequence[Sees]] = {}
    read: dict[date, Entry] = {}
    for note in notes:
        if note.week in versions:
            now, day = note_parts(note, medicines)
            seen_by[note.week] = standing.sees(day, now)
            # The one that is read is not always the one that arrived last.
            rows = sorted(versions[note.week], key=lambda row: row.version == row.shown_version)
            if now:
                read[note.week] = Entry(note.day, *_words(rows, now))
    readers = receipts.who_have_read(patient, list(read.values()), on=AccessKind.EFFECTS)
    has_read = dict(zip(read, readers, strict=True))
    return {week: ReadBy(seen, has_read.get(week, ())) for week, seen in seen_by.items()}


def _has_read(
    patient: Viewer, day: date, rows: Sequence[Any], now: Sequence[Part], hidden: Sequence[Hidden]
) -> list[HasRead]:
    """Return who has read an entry; `rows` are its versions, the one that is read now last."""
    if not rows or not now:
        return []
    as_now, ever = _words(rows, now, hidden)
    return receipts.who_has_read(patient, day, as_now, ever, hidden, on=AccessKind.EFFECTS)


def _words(rows: Sequence[Any], now: Sequence[Part], hidden: Sequence[Hidden] = ()) -> tuple[Words, Words]:
    """Return the words of an entry as they stand, and those of all its versions; `rows` as for `_has_read`."""
    base = now[0].needs - {Category.NOTES}
    newest, began, written_on = rows[-1], rows[0].recorded_seq, rows[0].recorded_at.date()
    before = [own_words(base, about_use=row.note_about_use) for row in rows if row.has_note]
    # Opened again, what it says counts as said now: who read meanwhile did not read it.
    since = max([newest.said_seq, *(time.until for time in hidden if time.until is not None)])
    return Words(since, written_on, now), Words(began, written_on, [*now, *before])
