"""The weeks after a change of a medicine for a clinician: of medicines that are open to them, with days that are.

Mood and sleep need `mood`, the pull needs `substance_use`; each day is open by itself. What is proposed to the team
(a questionnaire, a visit) comes from the catalogue's rhythm: a proposal, until a clinician of the practice signs it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, case, null, select

from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.consent.decisions import Asker, open_days
from patient_app.effects import picks
from patient_app.effects.service import Said
from patient_app.effects.weeks import LAST_WEEK, ChangePoint, DaySaid, Noticed, Week, changes_of, weeks_around
from patient_app.medications import catalogue
from patient_app.medications.facts import Entry
from patient_app.medications.regimen import OwnVersion
from patient_app.reading.fields import MOOD, USE, Masked
from patient_app.reading.people import plain_rows

# A review visit is proposed when the picture is fuller: from this week on.
REVIEW_WEEK = 8
# Of one medicine so many changes are shown, the newest first; in these weeks there are hardly more.
MOST_CHANGES = 4


class _Effect(Protocol):
    @property
    def first_day(self) -> date: ...
    @property
    def said(self) -> Said: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed to the team after a change: a questionnaire in some weeks, and a visit at the end.

    `next_week` is the next of those weeks, or that of today, `next_from` its first day; None when all are over.
    `measure` is the questionnaire that fits, None where no source names one. `reviewed`: a clinician stands for it.
    """

    weeks: tuple[int, ...]
    next_week: int | None
    next_from: date | None
    visit_from: date
    visit_until: date
    measure: Entry | None
    reviewed: bool


@dataclass(frozen=True, slots=True)
class SharedWeeks:
    """The weeks around one change of a medicine; `proposal` only for the newest one of each medicine."""

    medicine_id: uuid.UUID
    name: str
    change: ChangePoint
    week: int
    weeks: tuple[Week, ...]
    proposal: Proposal | None


def of(
    kind: Asker,
    asked: Mapping[str, Any],
    medicines: Mapping[uuid.UUID, Sequence[OwnVersion]],
    effects: Iterable[_Effect],
    today: date,
) -> tuple[SharedWeeks, ...]:
    """Return the weeks around each change that is followed today, the newest of each medicine first; one statement.

    `asked` is what statements with `open_days` want to know, `effects` what of side effects is open.
    """
    followed = []
    for medicine_id, versions in medicines.items():
        begun = [change for change in changes_of(versions) if change.since <= today]
        if begun and begun[-1].is_followed_on(today):
            of_one = [change for change in reversed(begun) if change.is_followed_on(today)]
            followed.append((medicine_id, versions[-1], of_one[:MOST_CHANGES]))
    if not followed:
        return ()
    first = min(change.first_day for *_, of_one in followed for change in of_one)
    days = _days(plain_rows(_of_days(kind), {**asked, "first": first}))
    told = list(effects)
    return tuple(
        SharedWeeks(
            medicine_id,
            version.said.name,
            change,
            change.week_on(today),
            tuple(weeks_around(change, days, _noticed(medicine_id, told), today)),
            _proposal(change, version, today) if change is of_one[0] else None,
        )
        for medicine_id, version, of_one in sorted(followed, key=lambda one: one[2][0].since, reverse=True)
        for change in of_one
    )


def _noticed(medicine_id: uuid.UUID, effects: Sequence[_Effect]) -> list[Noticed]:
    meant = (one for one in effects if one.said.medicine_id in (None, medicine_id))
    return [Noticed(one.first_day, picks.name(one.said.pick)) for one in meant]


def _proposal(change: ChangePoint, version: OwnVersion, today: date) -> Proposal:
    rhythm, week = catalogue.rhythm(), change.week_on(today)
    coming = next((one for one in rhythm.measure_weeks if one >= week), None)
    measure = catalogue.measure_for(version.said.catalogue)
    return Proposal(
        weeks=rhythm.measure_weeks,
        next_week=coming,
        next_from=None if coming is None else change.since + timedelta(weeks=coming),
        visit_from=change.since + timedelta(weeks=REVIEW_WEEK),
        visit_until=change.since + timedelta(weeks=LAST_WEEK),
        measure=None if measure is None else measure.entry,
        reviewed=rhythm.review.reviewed and (measure is None or measure.reviewed),
    )


def _days(rows: Iterable[Any]) -> list[DaySaid]:
    """Return what is open of each day: the mean of moods and of hours slept, and the strongest pull."""
    found: dict[date, list[Any]] = {}
    for row in rows:
        found.setdefault(row.day, []).append(row)
    return [
        DaySaid(
            day,
            mood=_mean([row.mood for row in said if row.mood is not None]),
            craving=max((row.craving for row in said if row.craving is not None), default=None),
            sleep=_mean([row.sleep_hours for row in said if row.sleep_hours is not None]),
        )
        for day, said in found.items()
    ]


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


@lru_cache(maxsize=32)
def _of_days(kind: Asker) -> Select[Any]:
    opened = open_days(kind, (MOOD, USE))
    seen = Masked(opened, words=False)
    sleep = case((opened.c[MOOD] <= CheckIn.day, CheckInVersion.sleep_hours), else_=null())
    return (
        select(CheckIn.day, *seen.fields, sleep.label("sleep_hours"))
        .join(CheckInVersion, seen.joins)
        .join(opened, opened.c.patient_id == CheckIn.patient_id)
        .where(
            seen.anything,
            CheckIn.patient_id == bindparam("patient_id"),
            CheckIn.day >= bindparam("first"),
            CheckIn.day <= bindparam("last"),
        )
    )
