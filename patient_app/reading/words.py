"""What is open to a reader, in plain words; used alike on readers' pages and where a patient sees what they see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask_babel import format_date, get_locale, gettext

from patient_app.checkins.service import days_with_entries
from patient_app.checkins.words import MOODS, answer_words
from patient_app.consent.categories import DETAIL_ONLY, Category, Level
from patient_app.consent.decisions import Grant, Grants
from patient_app.consent.words import CATEGORY_NAMES, LEVEL_NAMES
from patient_app.core import clock, i18n
from patient_app.reading.service import CaseloadRow, Named, Shared, SharedCheckIn, WeekSummary

DAY = "d MMMM y"


def category_words(grants: Iterable[tuple[Category, Level]]) -> list[str]:
    """Return each category with its level: "Mood (each check-in)"."""
    return [_category(category, level) for category, level in grants]


def shared_categories(categories: Iterable[Category]) -> str:
    """Return the names of categories in one line."""
    return ", ".join(str(CATEGORY_NAMES[category]) for category in categories)


def week_words(week: WeekSummary) -> list[tuple[str, str]]:
    """Return what a summary of a week says, as terms and values."""
    said = []
    if week.mood is not None:
        said.append((gettext("Mood, in the middle"), str(MOODS[week.mood])))
        said.append((gettext("Days with a mood"), str(week.mood_days)))
    if week.craving is not None:
        said.append(
            (gettext("Pull to drink or use, in the middle"), gettext("%(number)s of 10", number=f"{week.craving:g}"))
        )
    if week.use_days is not None:
        said.append((gettext("Days with drinking or use noted"), str(week.use_days)))
    return said


def _category(category: Category, level: Level) -> str:
    name = str(CATEGORY_NAMES[category])
    return name if category in DETAIL_ONLY else f"{name} ({LEVEL_NAMES[level]})"


def day_words(day: date) -> str:
    """Return a date in words."""
    return _day_words(str(get_locale()), day)


@lru_cache(maxsize=4096)
def _day_words(_locale: str, day: date) -> str:
    return format_date(day, DAY)


def scope_sentences(grants: Grants, zone: str) -> list[str]:
    """Return one line for each consent that is open: what, since when, until when."""
    return _sentences(_language(), grants, zone)


def _language() -> tuple[object, str]:
    """Return what words of this request are made of: asked once a list, not once a row."""
    return i18n.catalogue(), str(get_locale())


def _sentences(language: tuple[object, str], grants: Grants, zone: str) -> list[str]:
    agreed: dict[uuid.UUID, list[Grant]] = {}
    for grant in grants.items:
        agreed.setdefault(grant.consent_id, []).append(grant)
    return [
        _sentence(
            language,
            tuple((one.category, one.level) for one in own),
            own[0].entries_from,
            None if own[0].ends_at is None else _ends_on(own[0].ends_at, zone),
        )
        for own in agreed.values()
    ]


@lru_cache(maxsize=1024)
def _sentence(
    _language: object, scope: tuple[tuple[Category, Level], ...], entries_from: date | None, last_day: date | None
) -> str:
    since = (
        gettext("also what was written before")
        if entries_from is None
        else gettext("from %(day)s on", day=day_words(entries_from))
    )
    until = gettext("until they end it") if last_day is None else gettext("until %(day)s", day=day_words(last_day))
    return f"{', '.join(category_words(scope))} · {since} · {until}"


def last_day_words(ends_at: datetime, zone: str) -> str:
    """Return the day on which a consent ends, where the patient who chose it lives."""
    return day_words(_ends_on(ends_at, zone))


@lru_cache(maxsize=1024)
def _ends_on(ends_at: datetime, zone: str) -> date:
    return ends_at.astimezone(clock.find_zone(zone) or UTC).date()


@dataclass(frozen=True, slots=True)
class CaseloadLine:
    """A row of a list, and what it says beside the name."""

    row: CaseloadRow
    chart: str
    said: str
    shares: str


def caseload_lines(rows: Iterable[CaseloadRow]) -> list[CaseloadLine]:
    """Return the rows with their words; what several rows say alike is put into words once."""
    catalogue, locale = _language()
    chart = gettext("Chart %(number)s, born %(day)s", number="{number}", day="{day}")
    return [
        CaseloadLine(
            row,
            chart.format(number=row.person.chart_number, day=_birth_date(locale, row.person)),
            _said(catalogue, row.newest),
            _shares(catalogue, row.grants.categories),
        )
        for row in rows
    ]


def birth_date(person: Named) -> str:
    """Return a date of birth in words, or as the chart has it when it is no date."""
    return _birth_date(str(get_locale()), person)


def _birth_date(locale: str, person: Named) -> str:
    try:
        return _day_words(locale, date.fromisoformat(person.date_of_birth))
    except ValueError:
        return person.date_of_birth


def _said(catalogue: object, newest: SharedCheckIn | None) -> str:
    return "" if newest is None else _answers(catalogue, newest.mood, newest.craving, newest.use)


@lru_cache(maxsize=1024)
def _answers(_catalogue: object, mood: int | None, craving: int | None, use: bool | None) -> str:
    said = []
    if mood is not None:
        said.append(gettext("Mood: %(word)s", word=str(MOODS[mood])))
    if craving is not None:
        said.append(gettext("Craving: %(number)s of 10", number=craving))
    if use is not None:
        said.append(gettext("Drank or used") if use else gettext("Did not drink or use"))
    return " · ".join(said)


@lru_cache(maxsize=1024)
def _shares(_catalogue: object, categories: tuple[Category, ...]) -> str:
    if not categories:
        return gettext("Shares nothing with you now")
    return gettext("Shares with you: %(what)s", what=shared_categories(categories))


def caseload_scope(rows: Iterable[CaseloadRow]) -> str:
    """Return what each person agreed to who shares substance use, for the notice on a list.

    Who agreed to the same is named together.
    """
    language = _language()
    agreed: dict[str, list[str]] = {}
    for row in rows:
        if Category.SUBSTANCE_USE in row.grants.categories:
            sentences = "; ".join(_sentences(language, row.grants, row.person.zone))
            agreed.setdefault(sentences, []).append(f"{row.person.name} ({row.person.chart_number})")
    return " · ".join(f"{', '.join(people)}: {sentences}" for sentences, people in agreed.items())


def holds_substance_use(rows: Iterable[CaseloadRow]) -> bool:
    """Whether the notice of 42 CFR 2.32 belongs on a list."""
    return any(Category.SUBSTANCE_USE in row.grants.categories for row in rows)


def page_words(shared: Shared) -> dict[str, Any]:
    """Return what the shared part of a reader's page is drawn from, and the last days of the pages beside it."""
    period = shared.period
    length = period.last_day - period.first_day + timedelta(days=1)
    return {
        "shared": shared,
        "days": days_with_entries(shared.check_ins),
        "words": answer_words(),
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "week_words": week_words,
        "newer": min(period.last_day + length, period.today) if period.last_day < period.today else None,
        "older": period.first_day - timedelta(days=1) if shared.grants.items else None,
    }


def until_of(text: str | None) -> date | None:
    """Return the last day that an address asks for; None, the newest, for anything that is no day."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
