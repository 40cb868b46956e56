"""What is open to a reader, in plain words; used alike on readers' pages and where a patient sees what they see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import format_date, gettext

from patient_app.checkins.words import MOODS
from patient_app.consent.categories import DETAIL_ONLY, Category, Level
from patient_app.consent.decisions import Grants
from patient_app.consent.words import CATEGORY_NAMES, LEVEL_NAMES
from patient_app.core import clock
from patient_app.reading.service import PERIODS, CaseloadRow, Shared, WeekSummary

USUAL_PERIOD = 30
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
    return format_date(day, DAY)


def last_day_words(ends_at: datetime, zone: str) -> str:
    """Return the day on which a consent ends, where the patient who chose it lives."""
    return day_words(ends_at.astimezone(clock.find_zone(zone) or UTC).date())


def scope_sentences(grants: Grants, zone: str) -> list[str]:
    """Return one line for each consent that is open: what, since when, until when."""
    sentences = []
    for consent_id in grants.consent_ids:
        own = [grant for grant in grants.items if grant.consent_id == consent_id]
        levels = {grant.category: grant.level for grant in own}
        what = ", ".join(category_words((category, levels[category]) for category in Category if category in levels))
        sentences.append(f"{what} · {_since(own[0].entries_from)} · {_until(own[0].ends_at, zone)}")
    return sentences


def _since(entries_from: date | None) -> str:
    if entries_from is None:
        return gettext("also what was written before")
    return gettext("from %(day)s on", day=day_words(entries_from))


def _until(ends_at: datetime | None, zone: str) -> str:
    if ends_at is None:
        return gettext("until they end it")
    return gettext("until %(day)s", day=last_day_words(ends_at, zone))


def caseload_scope(rows: Iterable[CaseloadRow]) -> str:
    """Return what each person agreed to who shares substance use, for the notice on a list."""
    return " · ".join(
        f"{row.person.name} ({row.person.chart_number}): {'; '.join(scope_sentences(row.grants, row.person.zone))}"
        for row in rows
        if Category.SUBSTANCE_USE in row.grants.categories
    )


def holds_substance_use(rows: Iterable[CaseloadRow]) -> bool:
    """Whether the notice of 42 CFR 2.32 belongs on a list."""
    return any(Category.SUBSTANCE_USE in row.grants.categories for row in rows)


def page_words(shared: Shared) -> dict[str, Any]:
    """Return what the shared part of a reader's page is drawn from."""
    return {
        "shared": shared,
        "moods": MOODS,
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "week_words": week_words,
    }


def period_of(text: str | None) -> int:
    """Return the number of days that an address asks for; the usual number for anything unknown."""
    return next((days for days in PERIODS if str(days) == text), USUAL_PERIOD)
