"""From when on a version of a medicine holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from patient_app.core.clock import Moment
from patient_app.medications import due, regimen
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.schedule import Hours, Schedule


def starts_from(schedule: Schedule | None, moment: Moment, since: date | None = None) -> tuple[date, int]:
    """Return from which date and minute something holds that begins now, or on a later day.

    That is a date that was named (`since`), or the schedule's own first day. Of a medicine that is new, or taken again,
    no earlier dose of today was to be taken, so none is asked for.
    """
    later = max(since or moment.local_date, schedule.start if schedule is not None else moment.local_date)
    if later > moment.local_date:
        return later, 0
    return moment.local_date, minute_now(moment)


def holds_from(
    versions: Sequence[OwnVersion], schedule: Schedule, moment: Moment, hours: Hours, since: date | None = None
) -> tuple[date, int]:
    """Return from which date and minute of it a change holds, so that nothing is asked twice on a day, nor skipped.

    A date that was named, or the schedule's own first day, where that is later than today. Else now, where today's
    times stay the same. Else the whole of today, where none of today's times is over, by the old plan or by the new;
    else tomorrow.
    """
    today = moment.local_date
    later = max(since or today, schedule.start)
    if later > today:
        return later, 0
    minute = minute_now(moment)
    old = due.due_doses(_as_due(versions), today, today, hours)
    new = due.due_doses([due.Version("", "", schedule, today)], today, today, hours)
    if {dose.slot for dose in old} == {dose.slot for dose in new}:
        return today, minute
    # A dose at no time may have been taken at any time of today.
    over = [dose for dose in old if (dose.planned.minute or 0) <= minute]
    over += [dose for dose in new if dose.planned.minute is not None and dose.planned.minute <= minute]
    return (today + timedelta(days=1), 0) if over else (today, 0)


def minute_now(moment: Moment) -> int:
    """Return the minute of the local date."""
    wall = moment.occurred_at + timedelta(minutes=moment.utc_offset)
    return wall.hour * 60 + wall.minute


def _as_due(versions: Sequence[OwnVersion]) -> list[due.Version]:
    return [
        due.Version(str(one.id), "", one.schedule, one.since, one.minute, one.hours)
        for one in regimen.in_effect(versions)
    ]
