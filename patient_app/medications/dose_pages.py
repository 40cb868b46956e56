"""What the pages of the dose log show: the list of now, of a date, one dose, and how many there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import LazyString

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.medications import counts, doses, due, regimen, when
from patient_app.medications.after_skip import AfterSkip, after_skip
from patient_app.medications.counts import Counts
from patient_app.medications.dose_forms import DayForm
from patient_app.medications.dose_words import LATER
from patient_app.medications.doses import DayList, Group, Line
from patient_app.medications.regimen import OwnRegimen
from patient_app.medications.skipping import WORDS, Reason, offered
from patient_app.medications.when import PAST_DAYS, Later
from patient_app.profile import service as profiles


@dataclass(frozen=True, slots=True)
class DosePart:
    """A list with all that its forms offer. `refused` is the form that could not be taken, with what was typed in it.

    `opens`: doses of that date can be logged.
    """

    listed: DayList
    today: date
    later: tuple[tuple[Later, LazyString], ...]
    reasons: tuple[tuple[Reason, LazyString], ...]
    after_skip: AfterSkip
    now: datetime
    zone: ZoneInfo
    opens: bool = True
    refused: DayForm | None = None

    @property
    def is_today(self) -> bool:
        """Whether it is the list of now."""
        return self.listed.day == self.today

    @property
    def day_before(self) -> date:
        """The day before that of the list."""
        return self.listed.day - timedelta(days=1)

    def refused_group(self) -> Group | None:
        """Return the group whose doses the refused form marks, while it is shown with such a form."""
        return next(
            (one for one in self.listed.groups if self.refused and self.refused.is_part(one.key) and self.open_of(one)),
            None,
        )

    def open_of(self, group: Group) -> tuple[Line, ...]:
        """Return the doses of a group that the form of the group can mark."""
        return group.to_log if self.opens and group.in_plan else ()

    def later_for(self, form: DayForm | None) -> list[tuple[Later, LazyString]]:
        """Return for how long doses can be put off; what a refused form had picked stays, when its hour is over too."""
        picked = form.later.data if form else None
        return [(one, words) for one, words in LATER.items() if (one, words) in self.later or one == picked]

    def is_due(self, group: Group) -> bool:
        """Whether a group is due by now, and its button the one to press; those at no time can wait."""
        if not self.is_today or group.minute is None:
            return False
        return due.instant(group.plan_date, group.minute, self.zone) <= self.now

    @staticmethod
    def fresh_id() -> str:
        """Return an id for one form of the page."""
        return str(new_id())


@dataclass(frozen=True, slots=True)
class MedicineCounts:
    """The numbers of one medicine."""

    name: str
    periods: tuple[Counts, ...]


def now_for(patient: Viewer) -> Moment:
    """Return this moment, where the patient lives."""
    return clock.moment(clock.now(), patient.zone, patient.day_start_minutes)


def today_part(patient: Viewer, own: OwnRegimen) -> DosePart:
    """Return the list of now, of the patient's whole regimen, for the page that shows it."""
    now = now_for(patient)
    return _part(patient, doses.today(patient, now.occurred_at, own), now)


def day_part(patient: Viewer, day: date, refused: DayForm | None = None) -> DosePart:
    """Return the list of a date."""
    now = now_for(patient)
    return _part(patient, doses.on_date(patient, day, now.occurred_at), now, refused)


def later_offered(patient: Viewer, now: datetime) -> list[Later]:
    """Return for how long a dose can be put off now."""
    return list(when.later_choices(now, _zone(patient), regimen.hours_of(patient)))


def own_counts(patient: Viewer) -> tuple[tuple[Counts, ...], list[MedicineCounts]]:
    """Return the numbers of all medicines together, and of each one that has any."""
    today = now_for(patient).day
    first = counts.first_day(max(counts.PERIODS), today)
    medicines = regimen.own_medicines(patient)
    logged = doses.logged_between(patient, first, today + timedelta(days=1))
    since = {str(one.id): one.versions[0].day for one in medicines}
    found = due.due_doses(regimen.due_versions(medicines), first, today)

    def periods(of: Sequence[due.DueDose], rows: Sequence[doses.Logged]) -> tuple[Counts, ...]:
        return counts.over(of, rows, today, counts.PERIODS, since)

    each = [
        MedicineCounts(
            medicine.name,
            periods(
                [dose for dose in found if dose.medicine == str(medicine.id)],
                [row for row in logged if row.medicine_id == medicine.id],
            ),
        )
        for medicine in medicines
    ]
    return periods(found, logged), [one for one in each if not one.periods[-1].is_empty]


def _zone(patient: Viewer) -> ZoneInfo:
    return clock.find_zone(patient.zone) or ZoneInfo("UTC")


def _part(patient: Viewer, listed: DayList, now: Moment, refused: DayForm | None = None) -> DosePart:
    asks_about_use = profiles.profile_of(patient).asks_about_use
    return DosePart(
        listed=listed,
        today=now.day,
        later=tuple((one, LATER[one]) for one in when.later_choices(now.occurred_at, _zone(patient), listed.hours)),
        reasons=tuple((reason, WORDS[reason]) for reason in offered(about_use=asks_about_use)),
        after_skip=after_skip(patient, listed.lines),
        now=now.occurred_at,
        zone=_zone(patient),
        opens=listed.day >= now.day - timedelta(days=PAST_DAYS),
        refused=refused,
    )
