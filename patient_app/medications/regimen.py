"""Reading one's own regimen. Writing is `changing`'s, reading somebody else's is `reading`'s alone.

A version that was to hold later, and was overtaken by one that holds sooner, never held: `in_effect` leaves it out, and
so must whoever asks which doses are due. The history shows it all the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Protocol, TypeVar

from flask_babel import gettext
from sqlalchemy import Boolean, Uuid, and_, bindparam, case, null, or_, select

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place, SealBroken
from patient_app.core.work import connection, vault
from patient_app.medications import documents, due, said
from patient_app.medications.models import Answer, Change, Medicine, MedicineAnswer, MedicineHours, MedicineVersion
from patient_app.medications.said import Said
from patient_app.medications.schedule import DEFAULT_HOURS, MINUTES_A_DAY, Anchor, Hours, Paused, Schedule

# What lets nothing be due until it is gone on with.
HOLDS = frozenset({Change.PAUSED, Change.STOPPED})
_EVER = datetime(1, 1, 1, tzinfo=UTC)
# The type is told: that of a foreign key is known only once the table it leads to is, whatever is imported first.
_PATIENT = bindparam("patient_id", type_=Uuid)

# The patient's own medicines as this session may see them. One that began with a clinic code, and is still in question,
# sees only what it wrote itself (as `checkins.service.OWN`).
OWN = and_(
    Medicine.patient_id == _PATIENT,
    Medicine.removed_at.is_(None),
    Medicine.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), Medicine.while_closed),
)
# Columns of a version, for whoever reads one with `version_of`.
VERSION_COLUMNS = (
    MedicineVersion.id.label("version_id"),
    MedicineVersion.medicine_id,
    MedicineVersion.patient_id,
    MedicineVersion.version,
    MedicineVersion.change,
    MedicineVersion.author_id,
    MedicineVersion.by_prescriber,
    MedicineVersion.day,
    MedicineVersion.recorded_at,
    MedicineVersion.recorded_seq,
    MedicineVersion.since,
    MedicineVersion.minute,
    MedicineVersion.hours,
    MedicineVersion.says_sealed,
    MedicineVersion.schedule_sealed,
    MedicineVersion.reason_sealed,
)
# What the patient last said to a version; asked only of those that a prescriber entered.
_ANSWER = case(
    (
        MedicineVersion.by_prescriber.is_(True),
        select(MedicineAnswer.answer)
        .where(MedicineAnswer.patient_id == MedicineVersion.patient_id, MedicineAnswer.version_id == MedicineVersion.id)
        .order_by(MedicineAnswer.recorded_seq.desc())
        .limit(1)
        .scalar_subquery(),
    ),
    else_=null(),
)
# All of a regimen in one statement: the versions with what was answered to them, and the patient's hours.
_OWN_VERSIONS = (
    select(
        *VERSION_COLUMNS,
        Medicine.about_use,
        Medicine.private,
        Medicine.while_closed,
        _ANSWER.label("answer"),
        MedicineHours.hours.label("own_hours"),
    )
    .join(MedicineVersion, MedicineVersion.medicine_id == Medicine.id)
    .outerjoin(MedicineHours, MedicineHours.patient_id == Medicine.patient_id)
    .where(OWN)
    .order_by(Medicine.recorded_seq, Medicine.id, MedicineVersion.version)
)
_OWN_ALL = Prepared(_OWN_VERSIONS)
_OWN_ONE = Prepared(_OWN_VERSIONS.where(Medicine.id == bindparam("medicine_id")))
_HOURS = Prepared(select(MedicineHours.hours).where(MedicineHours.patient_id == _PATIENT))


class Standing(StrEnum):
    """How a medicine stands on a day."""

    TAKEN = "taken"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    STOPPED = "stopped"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class OwnVersion:
    """One version of a medicine, opened. `since` and `minute` say from when on it holds, in the patient's wall time.

    `answer` is what the patient last said to a change that a prescriber entered; None where they did not.
    """

    id: uuid.UUID
    number: int
    change: Change
    since: date
    minute: int
    hours: Hours
    said: Said
    schedule: Schedule
    reason: str
    by_prescriber: bool
    author_id: uuid.UUID
    recorded_at: datetime
    recorded_seq: int
    day: date
    answer: Answer | None = None

    @property
    def waits_for_answer(self) -> bool:
        """Whether it is a prescriber's, and the patient said nothing to it yet."""
        return self.by_prescriber and self.answer is None


@dataclass(frozen=True, slots=True)
class OwnMedicine:
    """A medicine with all its versions, the oldest first; there is always one.

    `while_closed`: a session in question after a clinic code wrote it, so nobody else is ever shown it.
    """

    id: uuid.UUID
    about_use: bool
    private: bool
    versions: tuple[OwnVersion, ...]
    while_closed: bool = False

    @property
    def is_only_theirs(self) -> bool:
        """Whether no consent opens it, as it is now: the patient keeps it to themselves, or it was `while_closed`."""
        return self.private or self.while_closed

    @property
    def newest(self) -> OwnVersion:
        """The version that was written last; it may hold from a later day on."""
        return self.versions[-1]

    @property
    def catalogue(self) -> str | None:
        """The catalogue's key, or None for a medicine in own words."""
        return self.newest.said.catalogue

    @property
    def name(self) -> str:
        """What it is called now."""
        return self.newest.said.name

    @property
    def in_effect(self) -> tuple[OwnVersion, ...]:
        """The versions that hold, held or will hold, in their order: not those that were overtaken."""
        return tuple(in_effect(self.versions))

    def at(self, day: date, minute: int = MINUTES_A_DAY - 1) -> OwnVersion | None:
        """Return the version that holds at a minute of a civil date; None before the first."""
        begun = [one for one in self.in_effect if (one.since, one.minute) <= (day, minute)]
        return begun[-1] if begun else None

    def on(self, day: date) -> OwnVersion | None:
        """Return the version that holds at the end of a civil date; None before the first."""
        return self.at(day)

    @property
    def planned(self) -> OwnVersion:
        """What is planned: the newest version, or what a pause or a stop is gone on with."""
        return gone_on_with(self.versions)[0]

    def standing(self, day: date) -> Standing:
        """Return how it stands on a civil date, by what was written last."""
        newest = self.newest
        if newest.change is Change.STOPPED:
            return Standing.STOPPED
        if newest.change is Change.PAUSED:
            return Standing.PAUSED
        if newest.schedule.end is not None and newest.schedule.end < day:
            return Standing.ENDED
        return Standing.NOT_YET if newest.schedule.start > day and self.on(day) is None else Standing.TAKEN

    def is_going_on(self, day: date) -> bool:
        """Whether it is taken on a civil date, or is to begin later: neither paused nor stopped, nor over."""
        return self.standing(day) in {Standing.TAKEN, Standing.NOT_YET}


class _Holding(Protocol):
    @property
    def since(self) -> date: ...
    @property
    def minute(self) -> int: ...


_Version = TypeVar("_Version", bound=_Holding)


def in_effect(versions: Sequence[_Version]) -> list[_Version]:
    """Return, of one medicine's versions in the order of their writing, those that a later one did not overtake."""
    kept: list[_Version] = []
    for version in reversed(versions):
        if not kept or (version.since, version.minute) < (kept[-1].since, kept[-1].minute):
            kept.append(version)
    return kept[::-1]


def held_at(versions: Sequence[OwnVersion], since: date, minute: int) -> tuple[OwnVersion, tuple[OwnVersion, ...]]:
    """Return of one medicine's versions what was taken by at a moment, pauses left out, and what was still to come.

    Before the first begins, that is the first.
    """
    going = [one for one in in_effect(versions) if not isinstance(one.schedule.plan, Paused)]
    if not going:
        return versions[-1], ()
    begun = sum((one.since, one.minute) <= (since, minute) for one in going) or 1
    return going[begun - 1], tuple(going[begun:])


def gone_on_with(versions: Sequence[OwnVersion]) -> tuple[OwnVersion, tuple[OwnVersion, ...]]:
    """Return what held at the moment of a pause or a stop, and what was still to come then.

    Where the newest version is neither, return the newest that says a plan, and nothing to come.
    """
    going = len(versions)
    while going > 1 and versions[going - 1].change in HOLDS:
        going -= 1
    if going < len(versions):
        return held_at(versions[:going], versions[going].since, versions[going].minute)
    plans = [one for one in versions if not isinstance(one.schedule.plan, Paused)]
    return plans[-1] if plans else versions[-1], ()


@dataclass(frozen=True, slots=True)
class OwnRegimen:
    """All medicines of a patient's own, and at which hours they wake, eat and go to bed."""

    medicines: list[OwnMedicine]
    hours: Hours

    @property
    def versions(self) -> list[due.Version]:
        """What `due` wants to know of them."""
        return due_versions(self.medicines)


def own_regimen(patient: Viewer) -> OwnRegimen:
    """Return all of the patient's own medicines, the earliest entered first, stopped ones too. One SQL statement.

    The hours are the usual ones for who takes nothing, and for a session in question.
    """
    rows = _OWN_ALL.all(connection(), asked_by(patient))
    kept = rows[0].own_hours if rows and patient.entries_closed_from is None else None
    return OwnRegimen(_medicines(rows), DEFAULT_HOURS if kept is None else hours_from_data(kept))


def own_medicines(patient: Viewer) -> list[OwnMedicine]:
    """Return the medicines of `own_regimen`."""
    return own_regimen(patient).medicines


def own_medicine(patient: Viewer, medicine_id: uuid.UUID) -> OwnMedicine:
    """Return one of the patient's own medicines; raise `NotFound` for "not yours" and for "not there" alike."""
    rows = _OWN_ONE.all(connection(), {**asked_by(patient), "medicine_id": medicine_id})
    found = _medicines(rows)
    if not found:
        raise NotFound
    return found[0]


def due_versions(medicines: Iterable[OwnMedicine]) -> list[due.Version]:
    """Return what `due` wants to know: the versions in effect, named by the ids of version and medicine."""
    return [
        due.Version(str(one.id), str(medicine.id), one.schedule, one.since, one.minute, one.hours)
        for medicine in medicines
        for one in medicine.in_effect
    ]


def hours_of(patient: Viewer) -> Hours:
    """Return at which hours the patient wakes, eats and goes to bed; the usual ones where they did not say."""
    return DEFAULT_HOURS if patient.entries_closed_from is not None else hours_kept(patient.id)


def hours_kept(patient_id: uuid.UUID) -> Hours:
    """Return a patient's hours as they are kept, whoever asks: for writing a version, and for `reading`."""
    kept = _HOURS.scalar(connection(), {"patient_id": patient_id})
    return DEFAULT_HOURS if kept is None else hours_from_data(kept)


def hours_from_data(kept: dict[str, int]) -> Hours:
    """Return hours as they stand in a column."""
    return {anchor: kept.get(anchor.value, usual) for anchor, usual in DEFAULT_HOURS.items()}


def hours_to_data(hours: Hours) -> dict[str, int]:
    """Return hours as a column keeps them."""
    return {anchor.value: hours[anchor] for anchor in Anchor if anchor in hours}


def asked_by(patient: Viewer) -> dict[str, Any]:
    """Return what statements with `OWN` want to know of the person who asks."""
    since = patient.entries_closed_from
    return {"patient_id": patient.id, "closed_from": since or _EVER, "is_open": since is None}


def is_open(closed_from: datetime | None, medicine: Medicine) -> bool:
    """Whether the patient's session may see a medicine of their own, by the rule of `OWN`."""
    return closed_from is None or (medicine.while_closed and medicine.recorded_at >= closed_from)


def version_of(row: Any, answer: Answer | None = None) -> OwnVersion:
    """Return a row of `VERSION_COLUMNS`, opened. One that is broken says so, makes nothing due, and harms no other."""
    try:
        words = said.from_json(_opened(row, "says_sealed"))
        schedule = documents.from_text(_opened(row, "schedule_sealed"))
        reason = _opened(row, "reason_sealed")
    except SealBroken:
        broken = gettext("These words cannot be opened. They are kept as they are. Please tell the practice.")
        words, schedule, reason = Said(broken), Schedule(row.since, None, "-", Paused()), ""
    return OwnVersion(
        id=row.version_id,
        number=row.version,
        change=Change(row.change),
        since=row.since,
        minute=row.minute,
        hours=hours_from_data(row.hours),
        said=words,
        schedule=schedule,
        reason=reason,
        by_prescriber=row.by_prescriber,
        author_id=row.author_id,
        recorded_at=row.recorded_at,
        recorded_seq=row.recorded_seq,
        day=row.day,
        answer=answer,
    )


def _medicines(rows: Sequence[Any]) -> list[OwnMedicine]:
    return [
        _medicine(medicine_id, list(of_one)) for medicine_id, of_one in groupby(rows, key=lambda row: row.medicine_id)
    ]


def _medicine(medicine_id: uuid.UUID, rows: Sequence[Any]) -> OwnMedicine:
    versions = tuple(version_of(row, Answer(row.answer) if row.answer else None) for row in rows)
    first = rows[0]
    return OwnMedicine(medicine_id, first.about_use, first.private, versions, first.while_closed)


def _opened(row: Any, column: str) -> str:
    blob = getattr(row, column)
    if blob is None:
        return ""
    return vault().open(Place(MedicineVersion.__tablename__, column, row.version_id, row.patient_id), blob)
