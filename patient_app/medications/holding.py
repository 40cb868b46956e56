"""Pausing, stopping and going on: each is a version from now on, and done twice it is done once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.ids import new_id
from patient_app.medications import regimen
from patient_app.medications.beginning import minute_now, starts_from
from patient_app.medications.models import Change, Medicine, Source
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.schedule import Paused, Schedule, Stepwise
from patient_app.medications.writing import (
    Author,
    Begins,
    Refused,
    Why,
    Writing,
    arrived,
    insert_next,
    locked,
)


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What a medicine that was paused or stopped can be gone on with, on a civil date.

    `held` is what was taken by then; `meanwhile` what was to hold later and whose day has passed, the newest of it;
    `to_come` what is to hold on a day that is still to come. `are_steps_over`: what held was steps, which are broken
    off or over. Steps cannot be gone on with.
    """

    held: OwnVersion
    meanwhile: OwnVersion | None
    to_come: tuple[OwnVersion, ...]
    are_steps_over: bool

    @property
    def are_new_steps(self) -> bool:
        """Whether the steps that were to begin meanwhile are broken into as well."""
        return self.meanwhile is not None and isinstance(self.meanwhile.schedule.plan, Stepwise)

    def is_refused(self, *, changed_meanwhile: bool) -> bool:
        """Whether it cannot be gone on with that: steps are never moved, nor made longer."""
        return self.are_new_steps if changed_meanwhile and self.meanwhile else self.are_steps_over

    def version(self, *, changed_meanwhile: bool) -> OwnVersion:
        """Return what it is gone on with."""
        return self.meanwhile if changed_meanwhile and self.meanwhile else self.held


def going_on(versions: Sequence[OwnVersion], today: date) -> GoingOn:
    """Return what one medicine's versions, in the order of their writing, can be gone on with."""
    held, later = regimen.gone_on_with(versions)
    passed = [one for one in later if one.since <= today]
    is_over = held.schedule.end is not None and held.schedule.end < today
    are_broken = isinstance(held.schedule.plan, Stepwise) and (is_over or versions[-1].change in regimen.HOLDS)
    return GoingOn(held, passed[-1] if passed else None, tuple(one for one in later if one.since > today), are_broken)


def pause(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Let nothing be due from now on, until it is gone on with. Done twice it is done once. Raise `NotFound`."""
    return _hold(author, medicine_id, version_id, Change.PAUSED, moment, reason=reason, source=source, at=recorded_at)


def stop(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Say that it is not taken any more, from now on. Done twice it is done once. Raise `NotFound`."""
    return _hold(author, medicine_id, version_id, Change.STOPPED, moment, reason=reason, source=source, at=recorded_at)


def resume(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    changed_meanwhile: bool = False,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Go on from now with what held at a pause or a stop; days are counted as before. Raise `NotFound`.

    With `changed_meanwhile`, go on instead with what was to hold later, and whose day passed meanwhile (`going_on`). An
    end that has passed is left out: whoever goes on takes it again. What was to hold later and was overtaken by the
    pause never begins early: where its own day is still to come, it is written again for that day.

    Steps are never moved or made longer here: raise `Refused` for steps that were paused or stopped, or are over. To
    take it again in another way, or by new steps, is a change (`changing.change`).
    """
    return _hold(
        author,
        medicine_id,
        version_id,
        Change.RESUMED,
        moment,
        reason=reason,
        source=source,
        at=recorded_at,
        changed_meanwhile=changed_meanwhile,
    )


def _hold(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    how: Change,
    moment: Moment,
    *,
    reason: str,
    source: Source,
    at: datetime | None,
    changed_meanwhile: bool = False,
) -> uuid.UUID:
    """Pause, stop or go on from now, unless that is how it stands already, or this arrived before."""
    medicine, known = locked(author, medicine_id)
    newest = known[-1].version
    versions = [one.version for one in known]
    if arrived(version_id, medicine_id, known) is not None:
        return medicine_id
    goes_on = going_on(versions, moment.local_date)
    if how is Change.RESUMED and goes_on.is_refused(changed_meanwhile=changed_meanwhile):
        raise Refused(Why.STEPS_AGAIN)
    if not _leads_to(newest.change, how):
        return medicine_id
    if how is Change.RESUMED or newest.change in regimen.HOLDS:
        held = goes_on.version(changed_meanwhile=changed_meanwhile and how is Change.RESUMED)
    else:
        held, _ = regimen.held_at(versions, moment.local_date, minute_now(moment))
    writing = Writing(
        author=author,
        medicine_id=medicine_id,
        version_id=version_id,
        change=how,
        said=held.said,
        schedule=_schedule_after(how, held.schedule, moment.local_date),
        reason=reason,
        about_use=None,
        moment=moment,
        source=source,
        recorded_at=at or clock.now(),
    )
    since, minute = starts_from(writing.schedule if how is Change.RESUMED else None, moment)
    begins = Begins(since, minute, regimen.hours_kept(author.patient_id))
    insert_next(writing, medicine, begins)
    if how is Change.RESUMED:
        plan_again(writing, medicine, begins, goes_on.to_come)
    return medicine_id


def plan_again(writing: Writing, medicine: Medicine, begins: Begins, to_come: Sequence[OwnVersion]) -> None:
    """Write again, each for its own day, what was to hold later than what was just written, and was overtaken."""
    for later in to_come:
        if later.since > begins.since:
            again = replace(writing, said=later.said, schedule=later.schedule)
            again = replace(again, version_id=new_id(), change=Change.CHANGED)
            insert_next(again, medicine, replace(begins, since=later.since, minute=later.minute))


def _leads_to(now: Change, how: Change) -> bool:
    if how is Change.RESUMED:
        return now in regimen.HOLDS
    return now is not how and not (how is Change.PAUSED and now is Change.STOPPED)


def _schedule_after(how: Change, schedule: Schedule, today: date) -> Schedule:
    if how is not Change.RESUMED:
        return Schedule(schedule.start, None, schedule.unit, Paused())
    ended = schedule.end is not None and schedule.end < today
    return replace(schedule, end=None) if ended else schedule
