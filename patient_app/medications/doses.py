"""Reading one's own dose log: the list of now, the list of a date, and what was taken as needed.

Writing is `dose_log`'s, reading somebody else's is `reading`'s alone. A list is two SQL statements, however much is in
it: the regimen with the patient's hours, and what is logged.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, and_, bindparam, or_, select

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.medications import due, regimen, skipping, when
from patient_app.medications.as_needed import Advice, Taken, as_needed_advice
from patient_app.medications.documents import MOST_GAP_MINUTES
from patient_app.medications.dose_log import Slot, is_as_needed
from patient_app.medications.due import DueDose
from patient_app.medications.models import Dose, DoseState, DoseVersion
from patient_app.medications.regimen import OwnMedicine, OwnRegimen
from patient_app.medications.schedule import (
    DEFAULT_HOURS,
    MINUTES_A_DAY,
    ON_THE_DAY,
    Anchor,
    AsNeeded,
    Food,
    Hours,
    Schedule,
    minute_of,
)
from patient_app.medications.schedule import (
    Place as Where,
)
from patient_app.medications.skipping import Why

# The longest gap between two taken as needed, and the night before.
_GAP_DAYS = MOST_GAP_MINUTES // MINUTES_A_DAY + 1

# The patient's own doses as this session may see them: as `regimen.OWN`.
OWN = and_(
    Dose.patient_id == bindparam("patient_id"),
    Dose.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), Dose.while_closed),
)
_SHOWN = and_(DoseVersion.dose_id == Dose.id, DoseVersion.version == Dose.shown_version)
_ALL = (
    Dose.id,
    Dose.patient_id,
    Dose.medicine_id,
    Dose.plan_date,
    Dose.slot,
    Dose.day,
    Dose.zone,
    DoseVersion.id.label("version_id"),
    DoseVersion.version,
    DoseVersion.state,
    DoseVersion.occurred_at,
    DoseVersion.utc_offset,
    DoseVersion.time_known,
    DoseVersion.later_until,
    DoseVersion.amount,
    DoseVersion.clock_skew,
    DoseVersion.reason_sealed,
)
_LOGGED = select(*_ALL).join(DoseVersion, _SHOWN).where(OWN).order_by(DoseVersion.occurred_at, Dose.recorded_seq)
_ON_LIST = Prepared(
    _LOGGED.where(
        or_(
            Dose.plan_date.between(bindparam("first"), bindparam("last")),
            and_(Dose.slot.is_(None), Dose.plan_date.between(bindparam("gap_from"), bindparam("gap_to"))),
        )
    )
)
_BETWEEN = Prepared(_LOGGED.where(Dose.plan_date.between(bindparam("first"), bindparam("last"))))


@dataclass(frozen=True, slots=True)
class Logged:
    """What is logged of a dose, as it is shown. `local_time` is the wall clock (naive) where it was logged.

    `slot` is None for one taken as needed. `amount` counts thousandths of the unit. `why` is there for one that was
    left out with a reason.
    """

    dose_id: uuid.UUID
    medicine_id: uuid.UUID
    plan_date: date
    slot: str | None
    day: date
    state: DoseState
    occurred_at: datetime
    local_time: datetime
    time_known: bool
    zone: str
    utc_offset: int
    later_until: datetime | None
    amount: int | None
    clock_skew: int | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class Line:
    """One dose on a list: what the plan says of it, and what is logged.

    `minute` counts from the midnight that begins `plan_date`; None at no time of it. `in_plan` is false for one that
    was logged and that the plan does not have any more.
    """

    medicine: OwnMedicine
    name: str
    slot: Slot
    minute: int | None
    amount: Decimal | None
    unit: str
    food: Food | None
    place: Where
    logged: Logged | None
    in_plan: bool = True

    @property
    def state(self) -> DoseState:
        """What is known of it."""
        return DoseState.OPEN if self.logged is None else self.logged.state

    @property
    def day(self) -> date:
        """The day that it counts for where it is shared: that of what is logged, else that of the plan."""
        return self.slot.plan_date if self.logged is None else self.logged.day

    @property
    def is_settled(self) -> bool:
        """Whether it was taken or left out."""
        return self.state in {DoseState.TAKEN, DoseState.SKIPPED}

    @property
    def at_clinic(self) -> bool:
        """Whether the clinic gives it."""
        return self.place is Where.CLINIC

    @property
    def thousandths(self) -> int | None:
        """The plan's amount as it is logged."""
        return None if self.amount is None else int(self.amount * 1000)

    def due_at(self, zone: ZoneInfo, at_no_time: int = 0) -> datetime:
        """Return the instant (UTC) at which it is due."""
        return due.instant(self.slot.plan_date, at_no_time if self.minute is None else self.minute, zone)

    def is_waiting(self, now: datetime, zone: ZoneInfo, day_start_minutes: int) -> bool:
        """Whether it is due by now, at home, and nothing is settled: what Today may speak of."""
        if self.is_settled or self.at_clinic or not self.in_plan:
            return False
        put_off = self.logged.later_until if self.logged and self.state is DoseState.LATER else None
        return now >= (put_off or self.due_at(zone, day_start_minutes))


@dataclass(frozen=True, slots=True)
class Group:
    """The doses that are due together: at one minute of one date of the plan, all at home or all at the clinic."""

    plan_date: date
    minute: int | None
    lines: tuple[Line, ...]

    @property
    def key(self) -> str:
        """A word for it that is the same as long as it is the same group."""
        at = ON_THE_DAY if self.minute is None else str(self.minute)
        return f"{self.plan_date}-{at}{'-clinic' if self.at_clinic else ''}{'' if self.in_plan else '-before'}"

    @property
    def at_clinic(self) -> bool:
        """Whether the clinic gives them."""
        return self.lines[0].at_clinic

    @property
    def in_plan(self) -> bool:
        """Whether the plan has them still."""
        return self.lines[0].in_plan

    @property
    def to_log(self) -> tuple[Line, ...]:
        """Those that were neither taken nor left out."""
        return tuple(line for line in self.lines if not line.is_settled)

    @property
    def logged(self) -> tuple[Line, ...]:
        """Those of which something is known, and can be undone."""
        return tuple(line for line in self.lines if line.state is not DoseState.OPEN)

    @property
    def is_night_after(self) -> bool:
        """Whether that time is after the midnight that ends the date of the plan."""
        return self.minute is not None and self.minute >= MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class WhenNeeded:
    """A medicine taken as needed: what was taken on the day, and what one more now would mean."""

    medicine: OwnMedicine
    schedule: Schedule
    taken: tuple[Logged, ...]
    advice: Advice

    @property
    def plan(self) -> AsNeeded:
        """What was told about it."""
        assert isinstance(self.schedule.plan, AsNeeded)  # noqa: S101 - narrows the type.
        return self.schedule.plan


@dataclass(frozen=True, slots=True)
class DayList:
    """The list of a day: what is due, in its order, and what is taken as needed; `hours` are those of the regimen."""

    day: date
    groups: tuple[Group, ...]
    as_needed: tuple[WhenNeeded, ...]
    hours: Hours = field(default_factory=lambda: DEFAULT_HOURS, hash=False)

    @property
    def lines(self) -> list[Line]:
        """All doses that are due or were."""
        return [line for group in self.groups for line in group.lines]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing on it."""
        return not (self.groups or self.as_needed)

    def line(self, slot: Slot) -> Line:
        """Return one dose; raise `NotFound` for one that is not on this list."""
        for line in self.lines:
            if line.slot == slot:
                return line
        raise NotFound


def today(patient: Viewer, now: datetime, own: OwnRegimen | None = None) -> DayList:
    """Return the list of this moment (`when.on_list`); `own` is the patient's regimen, where it is at hand."""
    moment = clock.moment(now, patient.zone, patient.day_start_minutes)
    own = own or regimen.own_regimen(patient)
    listed = when.on_list(own.versions, moment, patient.day_start_minutes, own.hours)
    return _list(patient, own, listed, moment.day, moment)


def on_date(patient: Viewer, day: date, now: datetime) -> DayList:
    """Return the list of a date: of the doses whose plan it is, whenever they fall. That of this day is `today`'s."""
    moment = clock.moment(now, patient.zone, patient.day_start_minutes)
    if day == moment.day:
        return today(patient, now)
    own = regimen.own_regimen(patient)
    at = clock.noon_of(day, patient.zone) if day < moment.day else moment
    return _list(patient, own, due.due_doses(own.versions, day, day, own.hours), day, at)


def waiting(patient: Viewer, now: datetime, own: OwnRegimen) -> list[Line]:
    """Return the doses that are due by now and of which nothing is settled, for one line on Today."""
    zone = clock.find_zone(patient.zone) or ZoneInfo("UTC")
    return [line for line in today(patient, now, own).lines if line.is_waiting(now, zone, patient.day_start_minutes)]


def logged_between(patient: Viewer, first: date, last: date) -> list[Logged]:
    """Return all that is logged for the dates from one to another, as it is shown; one SQL statement."""
    return _logged(_BETWEEN, patient, first=first, last=last)


def one_more(patient: Viewer, medicine: OwnMedicine, moment: Moment, amount: int | None = None) -> WhenNeeded:
    """Return a medicine as needed with what one more, taken at a moment, would mean; `NotFound` if it is none.

    `amount` are thousandths of the unit; None for as much as the plan says.
    """
    schedule = _schedule_on(medicine, moment.local_date)
    if schedule is None:
        raise NotFound
    first, last = (moment.local_date + timedelta(days=days) for days in (-_GAP_DAYS, _GAP_DAYS))
    rows = [row for row in logged_between(patient, first, last) if row.medicine_id == medicine.id and row.slot is None]
    taken = tuple(row for row in rows if row.day == moment.day and row.state is DoseState.TAKEN)
    return WhenNeeded(medicine, schedule, taken, _advice(rows, schedule, Taken(moment, _units(amount))))


def _list(patient: Viewer, own: OwnRegimen, listed: list[DueDose], day: date, at: Moment) -> DayList:
    medicines, hours = own.medicines, own.hours
    if not medicines:
        return DayList(day, (), (), hours)
    dates = [day, *(dose.local_date for dose in listed)]
    gap = {"gap_from": day - timedelta(days=_GAP_DAYS), "gap_to": day + timedelta(days=1)}
    rows = _logged(_ON_LIST, patient, first=min(dates), last=max(dates), **gap)
    by_id = {str(one.id): one for one in medicines}
    known = {(str(row.medicine_id), row.plan_date, row.slot): row for row in rows if row.slot is not None}
    lines = [_line(by_id[dose.medicine], dose, known.pop(dose.identity, None)) for dose in listed]
    rest = [row for row in known.values() if row.plan_date == day and row.state is not DoseState.OPEN]
    lines += [_line_before(by_id[str(row.medicine_id)], row, hours) for row in rest if str(row.medicine_id) in by_id]
    return DayList(day, _groups(lines), tuple(_as_needed(medicines, rows, day, at)), hours)


def _groups(lines: Iterable[Line]) -> tuple[Group, ...]:
    def together(line: Line) -> tuple[bool, int, bool]:
        minute = -1 if line.minute is None else line.minute
        return not line.in_plan, line.slot.plan_date.toordinal() * MINUTES_A_DAY + minute, line.at_clinic

    found = (list(each) for _, each in groupby(sorted(lines, key=together), key=together))
    return tuple(Group(each[0].slot.plan_date, each[0].minute, tuple(each)) for each in found)


def _line(medicine: OwnMedicine, dose: DueDose, logged: Logged | None) -> Line:
    said = next((one.said for one in medicine.versions if str(one.id) == dose.version), medicine.newest.said)
    return Line(
        medicine=medicine,
        name=said.name,
        slot=Slot(medicine.id, dose.local_date, dose.slot),
        minute=dose.planned.minute,
        amount=dose.amount,
        unit=dose.unit,
        food=dose.food,
        place=dose.place,
        logged=logged,
    )


def _line_before(medicine: OwnMedicine, row: Logged, hours: Hours) -> Line:
    """Return a dose that was logged, and that the plan does not have any more."""
    slot = row.slot or ON_THE_DAY
    on_clock = ":" in slot
    minute = None if slot == ON_THE_DAY else _minutes(slot) if on_clock else minute_of(Anchor(slot), hours)
    return Line(
        medicine=medicine,
        name=medicine.name,
        slot=Slot(medicine.id, row.plan_date, slot),
        minute=minute,
        amount=None if row.amount is None else Decimal(row.amount) / 1000,
        unit=medicine.planned.schedule.unit,
        food=None,
        place=Where.HOME,
        logged=row,
        in_plan=False,
    )


def _minutes(wall: str) -> int:
    hour, _, minute = wall.partition(":")
    return int(hour) * 60 + int(minute)


def _as_needed(medicines: Sequence[OwnMedicine], rows: Sequence[Logged], day: date, at: Moment) -> Iterable[WhenNeeded]:
    for medicine in medicines:
        of_it = [row for row in rows if row.slot is None and row.medicine_id == medicine.id]
        taken = tuple(row for row in of_it if row.day == day and row.state is DoseState.TAKEN)
        schedule = _schedule_on(medicine, day)
        if schedule is not None and (is_as_needed(medicine, day) or taken):
            yield WhenNeeded(medicine, schedule, taken, _advice(of_it, schedule, Taken(at)))


def _schedule_on(medicine: OwnMedicine, day: date) -> Schedule | None:
    """Return what is true of a medicine as needed on a date, or was the last time that it was that."""
    held = [one.schedule for one in medicine.in_effect if one.since <= day]
    return next((one for one in reversed(held) if isinstance(one.plan, AsNeeded)), None)


def _advice(rows: Iterable[Logged], schedule: Schedule, new: Taken) -> Advice:
    log = [
        Taken(
            Moment(row.occurred_at, row.plan_date, row.day, row.utc_offset, row.zone, row.time_known),
            _units(row.amount),
        )
        for row in rows
        if row.state is DoseState.TAKEN
    ]
    return as_needed_advice(log, schedule, new)


def _units(thousandths: int | None) -> Decimal | None:
    return None if thousandths is None else Decimal(thousandths) / 1000


def _logged(query: Prepared, patient: Viewer, **asked: date) -> list[Logged]:
    return [_as_logged(row) for row in query.all(connection(), {**regimen.asked_by(patient), **asked})]


def _as_logged(row: Any) -> Logged:
    why = None
    if row.reason_sealed is not None:
        place = Place(DoseVersion.__tablename__, "reason_sealed", row.version_id, row.patient_id)
        why = skipping.from_text(vault().open(place, row.reason_sealed))
    return Logged(
        dose_id=row.id,
        medicine_id=row.medicine_id,
        plan_date=row.plan_date,
        slot=row.slot,
        day=row.day,
        state=DoseState(row.state),
        occurred_at=row.occurred_at,
        local_time=(row.occurred_at + timedelta(minutes=row.utc_offset)).astimezone(UTC).replace(tzinfo=None),
        time_known=row.time_known,
        zone=row.zone,
        utc_offset=row.utc_offset,
        later_until=row.later_until,
        amount=row.amount,
        clock_skew=row.clock_skew,
        why=why,
    )
