"""What a clinician reads of a patient's medicines, in plain words; used alike where a patient sees what they see.

First what asks for an answer and what changed lately, then what was left out, then all that is taken now.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _l

from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core.i18n import time_in_words
from patient_app.core.roles import Discipline
from patient_app.medications import regimen, skipping, words
from patient_app.medications.models import Answer, Change, DoseState
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.schedule import Anchor
from patient_app.reading.logged import RECENT_DAYS, Logged, SharedDose
from patient_app.reading.medicines import SharedMedicine, SharedMedicines
from patient_app.reading.words import scope_sentences

# Of more than so many the page says how many there are, and the medicine's own page shows its own.
MOST_CHANGES = 10
MOST_SKIPPED = 10

DOSE_WORDS: dict[DoseState, LazyString] = {
    DoseState.TAKEN: _l("Taken"),
    DoseState.SKIPPED: _l("Skipped"),
    DoseState.LATER: _l("Put off"),
}
ANSWER_WORDS: dict[Answer, LazyString] = {
    Answer.TALK: _l("Wants to talk about this"),
    Answer.SEEN: _l("Seen by the patient"),
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One change as it is told. `before` is what the plan said until then, where that is open and was another.

    `answer` is what the patient says to it now, `answered` all that they said, with when, the first answer first.
    """

    medicine_id: uuid.UUID
    name: str
    change: str
    since: date
    who: str
    is_prescribers: bool
    plan: tuple[str, ...]
    before: tuple[str, ...]
    what_for: str
    reason: str
    answer: str
    answered: tuple[tuple[str, datetime], ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class DoseLine:
    """One dose as it is told: which, of which day, and why it was left out, where that was told and is open."""

    medicine_id: uuid.UUID
    name: str
    day: date
    slot: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class CountWords:
    """What was logged, as it is told: a row of three numbers for each period, never folded into one.

    `rows` is empty where nothing was due, `as_needed` where nothing was taken when needed. `since` is the first day
    that is counted, where the longest period reaches further back.
    """

    rows: tuple[tuple[str, int, int, int], ...]
    as_needed: str
    since: date | None


@dataclass(frozen=True, slots=True)
class MedicineLine:
    """One medicine as it is taken now, or was; `mark` is what asks for an answer, if anything does."""

    id: uuid.UUID
    name: str
    about_use: bool
    newest: VersionLine
    counts: CountWords
    mark: str


def page_words(shared: SharedMedicines) -> dict[str, Any]:
    """Return what the page of a patient's medicines is drawn from."""
    changes, skipped = _changes(shared), _skipped(shared)
    lines = [(one, line_of(one)) for one in shared.medicines]
    return {
        "shared": shared,
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "changes": changes[:MOST_CHANGES],
        "more_changes": max(0, len(changes) - MOST_CHANGES),
        "skipped": skipped[:MOST_SKIPPED],
        "more_skipped": max(0, len(skipped) - MOST_SKIPPED),
        "now": [line for one, line in lines if one.in_use],
        "stopped": [line for one, line in lines if not one.in_use],
        "days": RECENT_DAYS,
        "together": counts_words(shared.together) if len(shared.medicines) > 1 else None,
        "may_lack": may_lack_words(shared.together, shared.heard_at),
    }


def history_words(shared: SharedMedicines, medicine: SharedMedicine) -> dict[str, Any]:
    """Return what the page of one medicine is drawn from: all that is open of it, the newest first."""
    return {
        **page_words(shared),
        "medicine": line_of(medicine),
        "may_lack": may_lack_words(medicine.logged, shared.heard_at),
        "versions": list(reversed(_versions(medicine))),
        "doses": [_dose(medicine, dose) for dose in medicine.doses if dose.plan_date >= shared.recent_from],
    }


def mark_words(medicine: SharedMedicine) -> str:
    """Return what of a medicine asks for an answer; empty where nothing does."""
    if medicine.wants_talk:
        return gettext("Wants to talk")
    return gettext("Not answered yet") if medicine.unanswered else ""


def counts_words(logged: Logged) -> CountWords:
    """Return what was logged, as numbers that are never folded into one."""
    longest = logged.periods[-1]
    rows: tuple[tuple[str, int, int, int], ...] = ()
    if longest.taken or longest.skipped or longest.not_recorded:
        rows = tuple((_days(each.days), each.taken, each.skipped, each.not_recorded) for each in logged.periods)
    told = [gettext("%(number)s in %(days)s", number=each.as_needed, days=_days(each.days)) for each in logged.periods]
    as_needed = gettext("Taken when needed: %(list)s", list=", ".join(told)) if longest.as_needed else ""
    return CountWords(rows, as_needed, logged.since)


def may_lack_words(numbers: Logged, heard_at: datetime | None) -> str:
    """Return why the numbers may lack something: nobody but a phone knows what waits on it to be sent."""
    if numbers.is_empty:
        return ""
    if numbers.due_since_heard and heard_at is not None:
        return ngettext(
            "%(num)d dose was due since then and is not recorded. It may wait on a phone to be sent.",
            "%(num)d doses were due since then and are not recorded. They may wait on a phone to be sent.",
            numbers.due_since_heard,
        )
    return gettext("What waits on a phone to be sent is not counted yet, so these numbers may be incomplete.")


def _days(days: int) -> str:
    return str(ngettext("%(num)d day", "%(num)d days", days))


def _changes(shared: SharedMedicines) -> list[VersionLine]:
    """Return what asks for an answer, then what else was written in the days of the page, the newest first."""
    found = [
        (line, version)
        for medicine in shared.medicines
        for line, version in zip(_versions(medicine), medicine.versions, strict=True)
        if version.day >= shared.recent_from or (line.asks and version is medicine.last_entered)
    ]
    found.sort(key=lambda pair: pair[1].recorded_seq, reverse=True)
    found.sort(key=lambda pair: (not pair[0].asks, pair[1].answer is not Answer.TALK))
    return [line for line, _ in found]


def _versions(medicine: SharedMedicine) -> list[VersionLine]:
    befores = [None, *medicine.versions]
    return [_version(medicine, version, before) for version, before in zip(medicine.versions, befores, strict=False)]


def _version(medicine: SharedMedicine, version: OwnVersion, before: OwnVersion | None) -> VersionLine:
    plan = _plan(version)
    return VersionLine(
        medicine_id=medicine.id,
        name=version.said.name,
        change=str(words.CHANGES[version.change]),
        since=version.since,
        who=_who(medicine, version),
        is_prescribers=version.by_prescriber,
        plan=plan,
        before=_before(plan, version, before),
        what_for=version.said.what_for,
        reason=version.reason,
        answer=_answer(version),
        answered=tuple((str(ANSWER_WORDS[said.answer]), said.at) for said in medicine.answers.get(version.id, ())),
        # What was said to a change that another has followed is history.
        asks=version is medicine.last_entered and (version.waits_for_answer or version.answer is Answer.TALK),
    )


def _plan(version: OwnVersion) -> tuple[str, ...]:
    said = words.said_line(version.said)
    end = words.end_line(version.schedule)
    lines = words.schedule_lines(version.schedule, version.hours)
    return tuple(filter(None, [said, *lines, end]))


def _before(plan: tuple[str, ...], version: OwnVersion, before: OwnVersion | None) -> tuple[str, ...]:
    if before is None or version.change is not Change.CHANGED:
        return ()
    told = _plan(before)
    return () if told == plan else told


def _who(medicine: SharedMedicine, version: OwnVersion) -> str:
    if not version.by_prescriber:
        return gettext("entered by the patient")
    name = medicine.authors.get(version.author_id, "")
    return gettext("entered by %(name)s, %(work)s", name=name, work=str(DISCIPLINE_NAMES[Discipline.PRESCRIBER]))


def _answer(version: OwnVersion) -> str:
    if not version.by_prescriber:
        return ""
    return gettext("Not answered yet") if version.answer is None else str(ANSWER_WORDS[version.answer])


def _skipped(shared: SharedMedicines) -> list[DoseLine]:
    found = [
        (dose, _dose(one, dose))
        for one in shared.medicines
        for dose in one.doses
        if dose.state is DoseState.SKIPPED and dose.plan_date >= shared.recent_from
    ]
    found.sort(key=lambda pair: (pair[0].plan_date, pair[0].slot or ""), reverse=True)
    return [line for _, line in found]


def _dose(medicine: SharedMedicine, dose: SharedDose) -> DoseLine:
    return DoseLine(
        medicine_id=medicine.id,
        name=medicine.newest.said.name,
        day=dose.plan_date,
        slot=_slot(dose),
        state=str(DOSE_WORDS.get(dose.state, "")),
        why=_why(dose),
    )


def _slot(dose: SharedDose) -> str:
    if dose.slot is None:
        return time_in_words(dose.local_time) if dose.time_known else gettext("when needed")
    if dose.slot in set(Anchor):
        return str(words.ANCHORS[Anchor(dose.slot)]).lower()
    return time_in_words(time.fromisoformat(dose.slot)) if ":" in dose.slot else ""


def _why(dose: SharedDose) -> str:
    if dose.why is None:
        return ""
    said = str(skipping.WORDS[dose.why.reason])
    return f"{said}: {dose.why.words}" if dose.why.words else said


def as_it_is(medicine: SharedMedicine, today: date) -> list[VersionLine]:
    """Return what holds on the patient's date, if anything does yet, and then what holds from later days on."""
    lines = {version.id: line for line, version in zip(_versions(medicine), medicine.versions, strict=True)}
    in_effect = regimen.in_effect(medicine.versions)
    begun = [one for one in in_effect if one.since <= today]
    return [lines[one.id] for one in (*begun[-1:], *in_effect[len(begun) :])]


def line_of(medicine: SharedMedicine) -> MedicineLine:
    """Return one medicine as it is told in a list."""
    return MedicineLine(
        id=medicine.id,
        name=medicine.newest.said.name,
        about_use=medicine.about_use,
        newest=_versions(medicine)[-1],
        counts=counts_words(medicine.logged),
        mark=mark_words(medicine),
    )
