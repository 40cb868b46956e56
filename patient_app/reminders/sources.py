"""What each kind of reminder knows: its times, and whether there is still a reason for it when it is to be sent.

A new kind adds a source here (or in a module of its own that calls `add`), and its words in `wording.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from patient_app.checkins.models import CheckIn
from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer
from patient_app.core.roles import Role
from patient_app.core.work import connection
from patient_app.medications import doses, due, regimen
from patient_app.medications.doses import Logged
from patient_app.medications.due import DueDose
from patient_app.medications.models import DoseState
from patient_app.medications.schedule import ON_THE_DAY, Hours
from patient_app.refills import service as refills
from patient_app.reminders import schedule
from patient_app.reminders.models import Kind, Reason, Reminder
from patient_app.reminders.schedule import Slot

# A dose that is due on a day and at no time is reminded of at nine.
AT_NO_TIME = 9 * 60
NOBODY = uuid.UUID(int=0)

_CHECKED_IN = (
    select(CheckIn.id)
    .where(
        CheckIn.patient_id == bindparam("patient_id"),
        CheckIn.removed_at.is_(None),
        CheckIn.occurred_at >= bindparam("since"),
        CheckIn.occurred_at <= bindparam("now"),
    )
    .limit(1)
)
_OTHERS = select(Reminder.id, Reminder.kind, Reminder.times, Reminder.weekdays, Reminder.only).where(
    Reminder.patient_id == bindparam("patient_id"),
    Reminder.ended_at.is_(None),
    Reminder.kind != Kind.DIGEST,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reminder says of its times."""

    id: uuid.UUID
    kind: Kind
    times: Sequence[int]
    weekdays: Sequence[int]
    only: Sequence[str] | None = None


class Timed(Protocol):
    """An occurrence, as far as its time goes."""

    @property
    def local_day(self) -> date:
        """The civil date that it is of."""

    @property
    def slot(self) -> str:
        """Its key among those of the day."""

    @property
    def due_at(self) -> datetime:
        """When it is due."""

    @property
    def until(self) -> datetime:
        """When its window ends."""


@dataclass(frozen=True)
class Whose:
    """Whose reminders they are, as far as times go. What is read of the person is read once."""

    patient_id: uuid.UUID
    practice_id: uuid.UUID
    zone: ZoneInfo
    day_start_minutes: int = clock.DEFAULT_DAY_START_MINUTES
    language: str = "en"
    _kept: dict[str, object] = field(default_factory=dict, compare=False)

    @property
    def as_viewer(self) -> Viewer:
        """The person as the services of other features know them; nobody is signed in, and nothing is shown."""
        return Viewer(
            id=self.patient_id,
            practice_id=self.practice_id,
            role=Role.PATIENT,
            discipline=None,
            name="",
            language=self.language,
            zone=self.zone.key,
            day_start_minutes=self.day_start_minutes,
            session_id=NOBODY,
            stage=Stage.FULL,
            confirmed_at=datetime(1, 1, 1, tzinfo=UTC),
        )

    def regimen(self) -> tuple[list[regimen.OwnMedicine], list[due.Version], Hours]:
        """Return the medicines, what `due` wants to know of them, and the hours."""
        found = self._kept.get("regimen")
        if found is None:
            own = regimen.own_regimen(self.as_viewer)
            found = (own.medicines, own.versions, own.hours)
            self._kept["regimen"] = found
        return found  # type: ignore[return-value]  # What was put there two lines above.


class Source(Protocol):
    """What the engine asks of a kind."""

    @property
    def window(self) -> timedelta:
        """How long after its time it makes sense at most."""

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        """Return its slots from one civil date to another, both included."""

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        """Return why it is not to be sent any more, or before when not; None where it is to be sent now."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """Times and weekdays that the person chose."""

    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        return schedule.times_slots(rule.times, rule.weekdays, whose.zone, (first, last), self.window)

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        minute = int(slot.key) if slot.key.isdecimal() else -1
        return None if minute in rule.times and slot.local_day.isoweekday() in rule.weekdays else Reason.OFF


@dataclass(frozen=True, slots=True)
class _CheckIns(_Timed):
    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        off = _Timed.standing(self, rule, whose, slot, now)
        if off is not None:
            return off
        earlier = [minute for minute in rule.times if minute < int(slot.key)]
        if earlier:
            since = due.instant(slot.local_day, max(earlier), whose.zone)
        else:
            day = clock.moment(slot.due_at, whose.zone.key, whose.day_start_minutes).day
            since = due.instant(day, whose.day_start_minutes, whose.zone)
        asked = {"patient_id": whose.patient_id, "since": since, "now": now + timedelta(minutes=5)}
        return None if connection().scalar(_CHECKED_IN, asked) is None else Reason.SETTLED


@dataclass(frozen=True, slots=True)
class _Doses:
    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        _medicines, versions, hours = whose.regimen()
        of_each: dict[str, dict[tuple[date, str], datetime]] = {}
        for dose in due.due_doses(versions, first, last, hours):
            if not dose.at_clinic and _is_meant(rule, dose.medicine):
                at = due.at(dose, whose.zone, AT_NO_TIME)
                of_each.setdefault(dose.medicine, {})[dose.local_date, key_of(dose)] = at
        # The window ends where the next dose of the same medicine is due, never at another medicine's.
        found: dict[tuple[date, str], Slot] = {}
        for named in of_each.values():
            for slot in schedule.windows([(day, key, at) for (day, key), at in named.items()], self.window):
                before = found.get((slot.local_day, slot.key))
                if before is None or before.until < slot.until:
                    found[slot.local_day, slot.key] = slot
        return sorted(found.values(), key=lambda slot: (slot.due_at, slot.local_day, slot.key))

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        together = doses_at(rule, whose, slot.local_day, slot.key)
        if not together:
            return Reason.OFF
        logged = {
            (str(one.medicine_id), one.slot): one
            for one in doses.logged_between(whose.as_viewer, slot.local_day, slot.local_day)
        }
        open_ones = [found for dose in together if not _is_settled(found := logged.get((dose.medicine, dose.slot)))]
        if not open_ones:
            return Reason.SETTLED
        put_off = [_put_off(one) for one in open_ones]
        later = [at for at in put_off if at is not None and at > now]
        return min(later) if len(later) == len(put_off) else None


@dataclass(frozen=True, slots=True)
class _Digest(_Timed):
    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        off = _Timed.standing(self, rule, whose, slot, now)
        if off is not None:
            return off
        for row in connection().execute(_OTHERS, {"patient_id": whose.patient_id}):
            other = Rule(row.id, Kind(row.kind), row.times, row.weekdays, row.only)
            if slots_of(other, whose, slot.local_day, slot.local_day):
                return None
        return Reason.NOT_NEEDED


@dataclass(frozen=True, slots=True)
class _Refills(_Timed):
    """At times that the person chose, while something runs low; days without that are not spoken of."""

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        off = _Timed.standing(self, rule, whose, slot, now)
        if off is not None:
            return off
        return None if low_on(whose, slot.local_day) else Reason.NOT_NEEDED


def low_on(whose: Whose, local_day: date) -> list[str]:
    """Return what the medicines are called that run low on a date."""
    medicines, _versions, _hours = whose.regimen()
    return [one.name for one in refills.low(whose.as_viewer, local_day, medicines)]


def key_of(dose: DueDose) -> str:
    """Return the key under which a dose is reminded of: that of all that are due in the same minute of the plan."""
    return ON_THE_DAY if dose.planned.minute is None else str(dose.planned.minute)


def doses_at(rule: Rule, whose: Whose, local_day: date, key: str) -> list[DueDose]:
    """Return the doses that a slot of a reminder of doses is about, as the plan is now."""
    _medicines, versions, hours = whose.regimen()
    return [
        dose
        for dose in due.due_doses(versions, local_day, local_day, hours)
        if key_of(dose) == key and not dose.at_clinic and _is_meant(rule, dose.medicine)
    ]


def names_at(rule: Rule, whose: Whose, local_day: date, key: str) -> list[str]:
    """Return what the medicines of a slot are called, each once, in the order of the plan; of refills what runs low."""
    if rule.kind is Kind.REFILL:
        return low_on(whose, local_day)
    medicines, _versions, _hours = whose.regimen()
    names = {str(medicine.id): medicine.name for medicine in medicines}
    return list(dict.fromkeys(names[dose.medicine] for dose in doses_at(rule, whose, local_day, key)))


def _is_meant(rule: Rule, medicine: str) -> bool:
    return rule.only is None or medicine in rule.only


def _is_settled(logged: Logged | None) -> bool:
    return logged is not None and logged.state in {DoseState.TAKEN, DoseState.SKIPPED}


def _put_off(logged: Logged | None) -> datetime | None:
    return logged.later_until if logged is not None and logged.state is DoseState.LATER else None


_SOURCES: dict[Kind, Source] = {
    Kind.CHECK_IN: _CheckIns(timedelta(hours=4)),
    Kind.DOSES: _Doses(timedelta(hours=3)),
    Kind.REFILL: _Refills(timedelta(hours=8)),
    Kind.OWN: _Timed(timedelta(hours=2)),
    Kind.DIGEST: _Digest(timedelta(hours=6)),
}


def add(kind: Kind, source: Source) -> None:
    """Make a kind known; for the module of a kind that stands beside this one."""
    _SOURCES[kind] = source


def known() -> frozenset[Kind]:
    """Return the kinds that have a source: those that can be reminded of."""
    return frozenset(_SOURCES)


def window_of(kind: Kind) -> timedelta:
    """Return how long after its time a reminder of a kind makes sense at most."""
    return _SOURCES[kind].window


def slots_of(rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
    """Return the slots of a reminder from one civil date to another, both included."""
    return _SOURCES[rule.kind].slots(rule, whose, first, last)


def slots_in(rule: Rule, whose: Whose) -> Callable[[date, date], list[Slot]]:
    """Return what `schedule` asks for slots."""
    return partial(slots_of, rule, whose)


def standing_of(rule: Rule, whose: Whose, occurrence: Timed, now: datetime) -> Reason | datetime | None:
    """Return why an occurrence is not to be sent any more, or before when not; None where it is to be sent now."""
    slot = Slot(occurrence.local_day, occurrence.slot, occurrence.due_at, occurrence.until)
    return _SOURCES[rule.kind].standing(rule, whose, slot, now)
