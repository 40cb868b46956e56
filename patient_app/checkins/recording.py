"""Writing check-ins: stored once, corrected by new versions, taken back and brought back; never overwritten.

The id of a check-in is made where it is written and is its idempotency key for ever. What arrives again is known by its
words: the same words as any version that is there already were stored, and get the same answer. A version that a
person had before them when they changed something is named by them (`base`); one that is not shown any more is refused
with both shown, so that nothing is silently overwritten.

What waited on a phone (`Sent`) cannot be asked about when it comes. A change of a version that is no longer shown is
kept beside what is shown, and the one that was written later is shown (`record_edit`).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.entry_order import next_entry_seq
from patient_app.accounts.models import Patient
from patient_app.checkins import answers as said
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import CheckIn, CheckInVersion, Source, hard_at
from patient_app.checkins.service import is_open
from patient_app.consent import hiding
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault


class NothingSaid(Exception):
    """A check-in needs at least one answer of any kind."""


class IdTaken(Exception):
    """The id cannot be used: it is somebody else's entry's, or of one that was deleted; both are answered alike."""


class Stale(Exception):
    """The check-in was changed elsewhere since the page was made; nothing was written."""


class OtherWords(Exception):
    """The person's own check-in of this id says something else; nothing was written."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Of words that waited on a phone: when they were written, by its clock, and by what they are known again."""

    edited_at: datetime
    device_seq: int
    clock_skew: int | None
    sent_print: bytes


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of an entry, as far as it matters for what arrives."""

    id: uuid.UUID
    number: int
    fingerprint: bytes
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry's versions as far as they matter for what arrives again."""

    newest: int
    shown: _Version
    occurred_at: datetime
    private: bool
    private_at_first: bool
    hidden: list[list[Any]]
    versions: dict[int, _Version]


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is about to be written."""

    patient: Viewer
    check_in_id: uuid.UUID
    answers: Answers
    fingerprint: bytes
    seq: int
    source: Source
    when: datetime
    sent: Sent | None = None


# Made once, and run past the ORM: building a statement, and making entities, costs more than running it.
_ENTRIES, _SAID = cast("Table", CheckIn.__table__), cast("Table", CheckInVersion.__table__)
_VERSIONS = (
    select(
        CheckIn.patient_id,
        CheckIn.occurred_at,
        CheckIn.private,
        CheckIn.hidden,
        CheckIn.removed_at,
        CheckIn.newest_version,
        CheckIn.shown_version,
        CheckIn.recorded_seq,
        CheckInVersion.id,
        CheckInVersion.version,
        CheckInVersion.fingerprint,
        CheckInVersion.edited_at,
        CheckInVersion.recorded_at,
    )
    .join(CheckInVersion, CheckInVersion.check_in_id == CheckIn.id)
    .where(CheckIn.id == bindparam("check_in_id"))
)
_LOCK = select(Patient.person_id).where(Patient.person_id == bindparam("patient_id")).with_for_update()
_NEW_ENTRY = {
    dialect.__name__.rpartition(".")[2]: Prepared(
        dialect.insert(_ENTRIES).on_conflict_do_nothing(index_elements=["id"]).returning(CheckIn.id)
    )
    for dialect in (sqlite, postgresql)
}
_NEW_VERSION = Prepared(insert(_SAID))
_CHANGED = (
    update(CheckIn)
    .where(CheckIn.id == bindparam("check_in_id"))
    .values(
        newest_version=bindparam("newest"),
        shown_version=bindparam("shown"),
        private=bindparam("is_private"),
        hidden=bindparam("is_hidden"),
    )
)
_SAID_NOW = (
    update(_SAID)
    .where(_SAID.c.check_in_id == bindparam("entry"), _SAID.c.version == bindparam("shown"))
    .values(recorded_seq=bindparam("seq"), ever_shown=True)
)
_SAID_AGAIN = (
    update(_SAID)
    .where(_SAID.c.id == bindparam("version_id"))
    .values(edited_at=bindparam("written_at"), clock_skew=bindparam("skew"))
)
_WAS_SENT = (
    select(CheckInVersion.id)
    .join(CheckIn, CheckIn.id == CheckInVersion.check_in_id)
    .where(
        CheckIn.id == bindparam("check_in_id"),
        CheckIn.patient_id == bindparam("patient_id"),
        CheckIn.removed_at.is_(None),
        CheckInVersion.sent_print == bindparam("sent_print"),
    )
)
_OWN = and_(CheckIn.id == bindparam("check_in_id"), CheckIn.patient_id == bindparam("patient_id"))


def record_check_in(
    patient: Viewer,
    check_in_id: uuid.UUID,
    answers: Answers,
    moment: Moment,
    *,
    source: Source = Source.FORM,
    base: int | None = None,
    sent: Sent | None = None,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a check-in once and return its id. Needs a writing unit.

    The same id with words that are stored already is answered alike and changes nothing. With other words it is a
    correction: a new version, the earlier ones kept. `base` is the version that the person was shown when they changed
    it. A check-in that is private stays so; opening it again is `set_private`'s alone.

    One that waited on a phone (`sent`) is new or was stored already, and corrects nothing.

    Raise `NothingSaid` for no answer, `IdTaken` for an id that cannot be used, `Stale` when `base` is not the version
    that is shown any more, `OtherWords` for what was sent under the id of a check-in that says something else.
    """
    if answers.is_empty:
        raise NothingSaid
    fingerprint = _fingerprint(check_in_id, answers)
    # Nearly all are new: whether one is known is asked when its id is found to be taken, or when it is a change.
    known = None if base is None else _known(patient, check_in_id)
    if known is not None and _is_stored(known, fingerprint, base):
        return check_in_id
    seq = next_entry_seq(patient.id)  # From here on, one writer at a time for this patient.
    source = source if sent is None else Source.OUTBOX
    writing = _Writing(patient, check_in_id, answers, fingerprint, seq, source, recorded_at or clock.now(), sent)
    if known is None and _insert_entry(writing, moment):
        _insert_version(writing, 1, None, moment.occurred_at)
        return check_in_id
    # A correction, or the same words again. (A number that was taken and not used is a gap, no more.)
    known = _known(patient, check_in_id)
    if known is None:
        raise IdTaken
    if sent is not None and answers.private != known.private_at_first:
        raise OtherWords
    if _is_stored(known, fingerprint, base):
        return check_in_id
    if sent is not None:
        raise OtherWords
    version = known.newest + 1
    _insert_version(writing, version, known.shown.id, known.occurred_at)
    _note_change(writing, known, newest=version, shown=version)
    return check_in_id


def record_edit(
    patient: Viewer, check_in_id: uuid.UUID, answers: Answers, *, base: int, sent: Sent, recorded_at: datetime
) -> uuid.UUID:
    """Store a change that waited on a phone, whatever was changed meanwhile, and return the id. Needs a writing unit.

    `base` is the version that was changed. While it is the one that is shown, the change is shown from now on. Else
    both are kept, and the one that was written later is shown; of two written at the same moment, the one that came
    later. The same words over the same version are one change, however often they come; the latest time counts.

    Raise `NothingSaid` for no answer, `IdTaken` for an id that is no check-in of the patient's.
    """
    if answers.is_empty:
        raise NothingSaid
    fingerprint = _fingerprint(check_in_id, answers)
    known = _known(patient, check_in_id)
    if known is None:
        raise IdTaken
    same = _same_edit(known, fingerprint, base)
    if same is not None and same.edited_at >= sent.edited_at:
        return check_in_id
    seq = next_entry_seq(patient.id)  # From here on, one writer at a time for this patient.
    writing = _Writing(patient, check_in_id, answers, fingerprint, seq, Source.OUTBOX, recorded_at, sent)
    known = _known(patient, check_in_id)
    if known is None:
        raise IdTaken
    same = _same_edit(known, fingerprint, base)
    if same is not None and same.edited_at >= sent.edited_at:
        return check_in_id
    is_later = sent.edited_at >= known.shown.edited_at
    if same is not None:
        again = {"version_id": same.id, "written_at": sent.edited_at, "skew": sent.clock_skew}
        db().execute(_SAID_AGAIN, again)
        _note_change(writing, known, newest=known.newest, shown=same.number if is_later else known.shown.number)
        if is_later and same.number != known.shown.number:
            db().execute(_SAID_NOW, {"entry": check_in_id, "shown": same.number, "seq": seq})
        return check_in_id
    version, is_shown = known.newest + 1, base == known.shown.number or is_later
    before = known.shown if is_shown else known.versions.get(base, known.shown)
    _insert_version(writing, version, before.id, known.occurred_at, is_shown=is_shown)
    _note_change(writing, known, newest=version, shown=version if is_shown else known.shown.number)
    return check_in_id


def was_sent(patient: Viewer, check_in_id: uuid.UUID, sent_print: bytes) -> bool:
    """Whether exactly this came from a phone before, and was stored."""
    asked = {"check_in_id": check_in_id, "patient_id": patient.id, "sent_print": sent_print}
    return db().scalar(_WAS_SENT, asked) is not None


def _same_edit(known: _Known, fingerprint: bytes, base: int) -> _Version | None:
    """Return the newest version since `base` that says the same."""
    same = [one for one in known.versions.values() if one.number >= base and one.fingerprint == fingerprint]
    return max(same, key=lambda one: one.number, default=None)


def _note_change(writing: _Writing, known: _Known, *, newest: int, shown: int) -> None:
    private = known.private or writing.answers.private
    hidden = known.hidden if private == known.private else [*known.hidden, [writing.seq, None, None]]
    changed = {"check_in_id": writing.check_in_id, "newest": newest, "shown": shown}
    db().execute(_CHANGED, changed | {"is_private": private, "is_hidden": hidden})


def set_private(patient: Viewer, check_in_id: uuid.UUID, *, private: bool) -> None:
    """Keep one's check-in to oneself, or let consents open it again; raise `NotFound` for anything not one's own."""
    entry = _own(patient, check_in_id)
    _hide_or_open(entry, private=private, removed_at=entry.removed_at)


def remove(patient: Viewer, check_in_id: uuid.UUID) -> None:
    """Take a check-in away: from the next request on nobody reads it, its author neither. Done twice is done once.

    Raise `NotFound` for anything not one's own. What was read before stays in the access records.
    """
    entry = _own(patient, check_in_id)
    _hide_or_open(entry, private=entry.private, removed_at=entry.removed_at or clock.now())


def bring_back(patient: Viewer, check_in_id: uuid.UUID) -> None:
    """Undo `remove`; raise `NotFound` for anything not one's own."""
    entry = _own(patient, check_in_id)
    _hide_or_open(entry, private=entry.private, removed_at=None)


def _hide_or_open(entry: CheckIn, *, private: bool, removed_at: datetime | None) -> None:
    """As `hiding.hide_or_open`. Opened again, what it says counts as said now: it is new to who read meanwhile."""
    seq = hiding.hide_or_open(entry, private=private, removed_at=removed_at)
    if seq is not None:
        db().execute(_SAID_NOW, {"entry": entry.id, "shown": entry.shown_version, "seq": seq})


def was_removed(patient: Viewer, check_in_id: uuid.UUID) -> None:
    """Make sure that this is a check-in of the patient's own which they took away; else raise `NotFound`."""
    if _own(patient, check_in_id, lock=False).removed_at is None:
        raise NotFound


def _own(patient: Viewer, check_in_id: uuid.UUID, *, lock: bool = True) -> CheckIn:
    query = select(CheckIn).where(_OWN)
    if lock:  # A correction that arrives at the same time waits, and is told.
        db().execute(_LOCK, {"patient_id": patient.id})
        query = query.with_for_update()
    entry = db().scalar(query, {"check_in_id": check_in_id, "patient_id": patient.id})
    if entry is None or not is_open(patient, entry):
        raise NotFound
    return entry


def _known(patient: Viewer, check_in_id: uuid.UUID) -> _Known | None:
    rows = connection().execute(_VERSIONS, {"check_in_id": check_in_id}).all()
    if not rows:
        return None
    first = rows[0]
    if first.patient_id != patient.id or first.removed_at is not None:
        raise IdTaken
    versions = {
        row.version: _Version(row.id, row.version, row.fingerprint, row.edited_at or row.recorded_at) for row in rows
    }
    return _Known(
        newest=first.newest_version,
        shown=versions[first.shown_version],
        occurred_at=first.occurred_at,
        private=first.private,
        private_at_first=bool(first.hidden) and first.hidden[0][0] == first.recorded_seq,
        hidden=first.hidden,
        versions=versions,
    )


def _is_stored(known: _Known, fingerprint: bytes, base: int | None) -> bool:
    """Whether these words are stored already; raise `Stale` for a change of a version that is not shown any more."""
    if base is None:
        return any(one.fingerprint == fingerprint for one in known.versions.values())
    next_one = known.versions.get(base + 1)
    if fingerprint in (next_one and next_one.fingerprint, known.shown.fingerprint):
        return True
    if base != known.shown.number:
        raise Stale
    return False


def _insert_entry(writing: _Writing, moment: Moment) -> bool:
    """Insert the entry; False when that id was taken this very moment."""
    row = {
        "id": writing.check_in_id,
        "practice_id": writing.patient.practice_id,
        "patient_id": writing.patient.id,
        "occurred_at": moment.occurred_at,
        "local_date": moment.local_date,
        "day": moment.day,
        "utc_offset": moment.utc_offset,
        "zone": moment.zone,
        "time_known": moment.time_known,
        "recorded_at": writing.when,
        "recorded_seq": writing.seq,
        "device_seq": writing.sent and writing.sent.device_seq,
        "source": writing.source,
        "newest_version": 1,
        "shown_version": 1,
        "clock_skew": writing.sent and writing.sent.clock_skew,
        "private": writing.answers.private,
        "removed_at": None,
        "hidden": hiding.at_first(writing.seq, private=writing.answers.private),
        "while_closed": writing.patient.entries_closed_from is not None,
    }
    return _NEW_ENTRY[connection().dialect.name].scalar(connection(), row) is not None


def _insert_version(
    writing: _Writing, version: int, replaces: uuid.UUID | None, occurred_at: datetime, *, is_shown: bool = True
) -> None:
    sent, row_id, owner, answers = writing.sent, new_id(), writing.patient.id, writing.answers

    def sealed(column: str, text: str | None) -> bytes | None:
        return vault().seal(Place(CheckInVersion.__tablename__, column, row_id, owner), text) if text else None

    _NEW_VERSION.all(
        connection(),
        {
            "id": row_id,
            "check_in_id": writing.check_in_id,
            "patient_id": owner,
            "version": version,
            "replaces_id": replaces,
            "recorded_at": writing.when,
            "recorded_seq": writing.seq,
            "source": writing.source,
            "edited_at": sent.edited_at if sent else writing.when,
            "clock_skew": sent and sent.clock_skew,
            "ever_shown": is_shown,
            "fingerprint": writing.fingerprint,
            "sent_print": sent and sent.sent_print,
            "hard_at": hard_at(answers.mood, answers.craving, occurred_at),
            "mood": answers.mood,
            "craving": answers.craving,
            "use": answers.use,
            "anxiety": answers.anxiety,
            "energy": answers.energy,
            "sleep_hours": answers.sleep_hours,
            "note_sealed": sealed("note_sealed", answers.note),
            "note_about_use": answers.note_about_use,
            "use_details_sealed": sealed("use_details_sealed", said.use_details(answers)),
            "context_sealed": sealed("context_sealed", said.context(answers)),
            "context_about_use": answers.about_use,
        },
    )


def _fingerprint(check_in_id: uuid.UUID, answers: Answers) -> bytes:
    return vault().keyed_hash("check-in", check_in_id.bytes + json.dumps(said.said_words(answers)).encode())
