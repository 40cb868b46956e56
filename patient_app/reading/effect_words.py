"""What a clinician reads of side effects, weekly notes and the weeks after a change, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from flask_babel import format_date, get_locale, gettext

from patient_app.effects import picks
from patient_app.effects.figure import Figure, change_words, figure, week_name
from patient_app.effects.words import BOTHER, HELPS, SEVERITY
from patient_app.medications import catalogue
from patient_app.reading.concerns import SharedConcern
from patient_app.reading.effects import SharedEffect, SharedEffects
from patient_app.reading.weeks_after import Proposal, SharedWeeks
from patient_app.reading.words import scope_sentences

_DAY = "d MMM"


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A side effect as it is told. `concern` is what it raised, if anything."""

    name: str
    medicine: str
    facts: tuple[str, ...]
    day: date
    note: str | None
    concern: SharedConcern | None


@dataclass(frozen=True, slots=True)
class WeeksLine:
    """The weeks after one change as they are told; `figure` is None where nothing can be drawn.

    `noticed` says then which side effects began in which week. `due` is what is proposed for this very week. `earlier`
    are the changes of the same medicine before this one that are still followed.
    """

    name: str
    change: str
    since: date
    week: int
    figure: Figure | None
    noticed: tuple[str, ...]
    due: str
    proposed: tuple[str, ...]
    earlier: tuple[WeeksLine, ...] = ()


def page_words(shared: SharedEffects) -> dict[str, Any]:
    """Return what the page is drawn from: what waits to be seen comes first, then what still goes on."""
    raised = {one.effect_id: one for one in shared.concerns}
    lines = [(one, _effect(one, raised.get(one.id))) for one in shared.effects]
    unseen = [line for one, line in lines if line.concern is not None and line.concern.seen_at is None]
    others = [(one, line) for one, line in lines if line not in unseen]
    return {
        "shared": shared,
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "unseen": unseen,
        "going_on": [line for one, line in others if one.said.going_on],
        "over": [line for one, line in others if not one.said.going_on],
        "notes": shared.notes,
        "helps": HELPS,
        "bothers": BOTHER,
        "weeks": _by_medicine(shared.weeks),
        "not_reviewed": _not_reviewed(shared.weeks),
    }


def _effect(effect: SharedEffect, concern: SharedConcern | None) -> EffectLine:
    said = effect.said
    facts = [
        str(SEVERITY[said.severity]) if said.severity is not None else "",
        gettext("Bothers: %(much)s", much=BOTHER[said.bother]) if said.bother is not None else "",
        gettext("over since %(day)s", day=_day(effect.over_on)) if effect.over_on else "",
    ]
    return EffectLine(
        name=picks.name(said.pick),
        medicine=effect.medicine or gettext("not sure which medicine"),
        facts=tuple(fact for fact in facts if fact),
        day=effect.first_day,
        note=effect.note,
        concern=concern,
    )


def _by_medicine(found: Sequence[SharedWeeks]) -> list[WeeksLine]:
    """Return a line for the newest change of each medicine, with its earlier ones in it."""
    return [
        replace(_weeks(newest), earlier=tuple(_weeks(one) for one in earlier))
        for newest, *earlier in (list(own) for _, own in groupby(found, key=lambda one: one.medicine_id))
    ]


def _weeks(weeks: SharedWeeks) -> WeeksLine:
    drawn = figure(weeks.change, weeks.weeks, ("mood", "sleep", "craving"), noticed=True)
    noticed = (f"{week_name(week.number)}: {', '.join(week.noticed)}" for week in weeks.weeks if week.noticed)
    return WeeksLine(
        name=weeks.name,
        change=change_words(weeks.change),
        since=weeks.change.since,
        week=weeks.week,
        figure=drawn,
        noticed=() if drawn else tuple(noticed),
        due=_due(weeks),
        proposed=tuple(_proposed(weeks)),
    )


def _due(weeks: SharedWeeks) -> str:
    proposal = weeks.proposal
    if proposal is None or proposal.next_week != weeks.week:
        return ""
    return gettext("Proposed now, in week %(week)s: %(which)s.", week=weeks.week, which=_which(proposal))


def _which(proposal: Proposal) -> str:
    if proposal.measure is None:
        return gettext("a form that fits")
    return proposal.measure.read(str(get_locale() or "en")).name


def _proposed(weeks: SharedWeeks) -> list[str]:
    """Return what is proposed to the team, as plain lines."""
    proposal = weeks.proposal
    if proposal is None:
        return []
    numbers = ", ".join(str(week) for week in proposal.weeks)
    told = gettext("Proposed to the team in weeks %(weeks)s: %(which)s.", which=_which(proposal), weeks=numbers)
    if proposal.next_from is not None and proposal.next_week != weeks.week:
        following = {"week": proposal.next_week, "day": _day(proposal.next_from)}
        told += " " + gettext("The next is week %(week)s, from %(day)s.", **following)
    visit = gettext(
        "A review visit between %(first)s and %(last)s.",
        first=_day(proposal.visit_from),
        last=_day(proposal.visit_until),
    )
    return [told, visit]


def _not_reviewed(found: Sequence[SharedWeeks]) -> str:
    """Return the notice that stands once below all that is proposed, where nobody of the clinic stands for it."""
    if all(one.proposal is None or one.proposal.reviewed for one in found):
        return ""
    return catalogue.notice("not_reviewed").read(str(get_locale() or "en")).lines[0]


def _day(day: date) -> str:
    return str(format_date(day, _DAY))
