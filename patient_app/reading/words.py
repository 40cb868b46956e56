"""What is open to a reader, in plain words; used alike on readers' pages and where a patient sees what they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask_babel import format_date, get_locale, gettext

from patient_app.checkins.service import days_with_entries
from patient_app.checkins.words import MOODS, AnswerWords, answer_words
from patient_app.consent.categories import DETAIL_ONLY, Category, Level
from patient_app.consent.decisions import Grants
from patient_app.consent.words import CATEGORY_NAMES, LEVEL_NAMES
from patient_app.core import clock, i18n
from patient_app.profile.things import KIND_NAMES
from patient_app.reading.caseload import CaseloadRow, Lately
from patient_app.reading.fields import SharedCheckIn
from patient_app.reading.figure import figure_of, new_in_short
from patient_app.reading.people import Named
from patient_app.reading.service import Shared
from patient_app.reading.weeks import OWN_WORDS, WeekSummary
from patient_app.safety.plan_words import HEADINGS, MADE_WITH

DAY = "d MMMM y"
SHORT_DAY = "EEE d MMM"


def category_words(grants: Iterable[tuple[Category, Level]]) -> list[str]:
    """Return each category with its level: "Mood (each check-in)"."""
    return [_category(category, level) for category, level in grants]


def shared_categories(categories: Iterable[Category]) -> str:
    """Return the names of categories in one line."""
    return ", ".join(str(CATEGORY_NAMES[category]) for category in categories)


def week_words(week: WeekSummary) -> list[tuple[str, str]]:
    """Return what a summary of a week says, as terms and values."""
    words = answer_words()
    return [*_feeling(week, words), *_using(week), *_context(week, words)]


def _feeling(week: WeekSummary, words: AnswerWords) -> list[tuple[str, str]]:
    said = []
    if week.mood is not None:
        said.append((gettext("Mood, in the middle"), words.moods[week.mood]))
        said.append((gettext("Days with a mood"), str(week.mood_days)))
    if week.sleep_hours is not None:
        said.append((gettext("Sleep, in the middle"), words.sleep[week.sleep_hours]))
    if week.anxiety is not None:
        said.append((gettext("Anxious, in the middle"), _of_ten(week.anxiety)))
    if week.energy is not None:
        said.append((gettext("Energy, in the middle"), words.energy[week.energy]))
    return said


def _using(week: WeekSummary) -> list[tuple[str, str]]:
    said = []
    if week.craving is not None:
        said.append((gettext("Pull to drink or use, in the middle"), _of_ten(week.craving)))
    if week.use_days is not None:
        said.append((gettext("Days with drinking or use noted"), str(week.use_days)))
    if week.named:
        said.append((gettext("Days with a word on it"), _counted((str(KIND_NAMES[kind]), n) for kind, n in week.named)))
    return said


def _context(week: WeekSummary, words: AnswerWords) -> list[tuple[str, str]]:
    said = []
    for label, told in ((gettext("Made it harder"), week.triggers), (gettext("Helped"), week.helped)):
        if told:
            own = gettext("something in their own words")
            named = ((own if chip == OWN_WORDS else words.chips([chip]), count) for chip, count in told)
            said.append((label, _counted(named)))
    return said


def _of_ten(number: float) -> str:
    return gettext("%(number)s of 10", number=f"{number:g}")


def _counted(named: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in named)


def _category(category: Category, level: Level) -> str:
    name = str(CATEGORY_NAMES[category])
    return name if category in DETAIL_ONLY else f"{name} ({LEVEL_NAMES[level]})"


def day_words(day: date) -> str:
    """Return a date in words."""
    return _day_words(str(get_locale()), day)


@lru_cache(maxsize=4096)
def _day_words(_locale: str, day: date) -> str:
    return i18n.day_in_words(day, DAY)


def scope_sentences(grants: Grants, zone: str) -> list[str]:
    """Return one line for each consent that is open: what, since when, until when."""
    return _sentences(_language(), grants, zone)


def _language() -> tuple[object, str]:
    """Return what words of this request are made of: asked once a list, not once a row."""
    return i18n.catalogue(), str(get_locale())


def _sentences(language: tuple[object, str], grants: Grants, zone: str) -> list[str]:
    consents = [tuple(own) for _, own in groupby(grants.items, key=attrgetter("consent_id"))]
    return [
        _sentence(
            language,
            tuple([(one.category, one.level) for one in own]),
            own[0].entries_from,
            None if own[0].ends_at is None else _ends_on(own[0].ends_at, zone),
        )
        for own in consents
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
    hard: str
    said: str
    new: str
    shares: str


def caseload_lines(rows: Iterable[CaseloadRow]) -> list[CaseloadLine]:
    """Return the rows with their words; what several rows say alike is put into words once."""
    catalogue, locale = _language()
    chart = gettext("Chart %(number)s, born %(day)s", number="{number}", day="{day}")
    return [
        CaseloadLine(
            row,
            chart.format(number=row.person.chart_number, day=_birth_date(locale, row.person)),
            _hard(catalogue, locale, row.lately),
            _said(catalogue, row.newest, below_hard=row.lately.hard_on is not None),
            _new(catalogue, row.lately.new),
            _shares(catalogue, row.grants.categories),
        )
        for row in rows
    ]


def _hard(catalogue: object, locale: str, lately: Lately) -> str:
    return "" if lately.hard_on is None else _hard_on(catalogue, locale, lately.hard_on)


@lru_cache(maxsize=256)
def _hard_on(_catalogue: object, _locale: str, day: date) -> str:
    return gettext("Hard check-in on %(day)s", day=format_date(day, SHORT_DAY))


@lru_cache(maxsize=64)
def _new(_catalogue: object, count: int) -> str:
    return gettext("%(count)s new", count=count) if count else ""


def identity_words(person: Named) -> list[str]:
    """Return what tells a patient from others of that name, and how they want to be called, as they gave it."""
    said = [gettext("Called %(name)s", name=person.called)] if person.called else []
    said += [person.pronouns] if person.pronouns else []
    return [
        *said,
        chart_words(person),
    ]


def chart_words(person: Named) -> str:
    """Return what tells a patient from others of that name."""
    return gettext("Chart %(number)s, born %(day)s", number=person.chart_number, day=birth_date(person))


def birth_date(person: Named) -> str:
    """Return a date of birth in words, or as the chart has it when it is no date."""
    return _birth_date(str(get_locale()), person)


def _birth_date(locale: str, person: Named) -> str:
    try:
        return _day_words(locale, date.fromisoformat(person.date_of_birth))
    except ValueError:
        return person.date_of_birth


def _said(catalogue: object, newest: SharedCheckIn | None, *, below_hard: bool) -> str:
    """Return the newest answers; below the line of a hard check-in they say that they need not be that one's."""
    said = "" if newest is None else _answers(catalogue, newest.mood, newest.craving, newest.use)
    return _newest(catalogue, said) if said and below_hard else said


@lru_cache(maxsize=1024)
def _newest(_catalogue: object, said: str) -> str:
    return gettext("Newest: %(said)s", said=said)


@lru_cache(maxsize=1024)
def _answers(_catalogue: object, mood: int | None, craving: int | None, use: bool | None) -> str:
    said = []
    if mood is not None:
        said.append(gettext("Mood: %(word)s", word=str(MOODS[mood])))
    if craving is not None:
        said.append(gettext("Pull: %(number)s of 10", number=craving))
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
        "sections": sections_of(shared),
        "words": _reading_words(i18n.catalogue()),
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "week_words": week_words,
        "figure_of": figure_of,
        "new_in_short": new_in_short,
        "shared_categories": shared_categories,
        "plan_headings": HEADINGS,
        "made_with": MADE_WITH,
        "newer": min(period.last_day + length, period.today) if period.last_day < period.today else None,
        "older": period.first_day - timedelta(days=1) if shared.grants.items else None,
    }


@lru_cache(maxsize=16)
def _reading_words(_catalogue: object) -> AnswerWords:
    """Return the words of answers with a short one for the pull: it stands on every line, below a drawing of it."""
    return replace(answer_words(), craving_label=gettext("Pull"))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page's check-ins: those that a clinician did not read before, those they did, or all."""

    heading: str
    days: list[tuple[date, list[SharedCheckIn]]]
    is_new: bool = False


def sections_of(shared: Shared) -> list[Section]:
    """Return the check-ins of a page by day, what is new to a clinician first."""
    new = shared.for_team.new if shared.for_team else None
    if new is None:
        return [Section(gettext("By day"), days_with_entries(shared.check_ins))] if shared.check_ins else []
    fresh = [one for one in shared.check_ins if one in new]
    seen = [one for one in shared.check_ins if one not in new]
    found = [Section(gettext("New to you"), days_with_entries(fresh), is_new=True)] if fresh else []
    return [*found, Section(gettext("You have seen these"), days_with_entries(seen))] if seen else found


def until_of(text: str | None) -> date | None:
    """Return the last day that an address asks for; None, the newest, for anything that is no day."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
