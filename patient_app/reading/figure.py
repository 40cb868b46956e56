"""Mood and pull of a patient's page on one time axis: the drawing of the patient's own history, in a reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeVar

from babel.dates import format_date
from flask_babel import get_locale, gettext
from markupsafe import Markup

from patient_app.checkins.chart import Panel, Series, draw
from patient_app.checkins.history import Range, range_of
from patient_app.checkins.history_words import Figure, PanelWords, mood_cell, pull_cell, several_words
from patient_app.checkins.words import MOST_CRAVING, AnswerWords, answer_words
from patient_app.core.day_lists import list_of_days
from patient_app.reading.fields import SharedCheckIn
from patient_app.reading.service import Period, Shared

MOODS = (1, 5)
# With fewer days there is nothing to see between them.
LEAST_DAYS = 2
SHORT_DAY = "d MMM"
MOST_NAMED = 3
# The words of pulls by half steps, as the history's table has them: of single days, only whole ones are met.
_Value = TypeVar("_Value")
_HALVES = tuple(str(half // 2) for half in range(2 * MOST_CRAVING + 1))


@dataclass(frozen=True, slots=True)
class _Day:
    """A day as it is drawn, as in the patient's own history: of several that differ, the lowest and the highest too."""

    day: date
    mood: float | None
    craving: float | None
    used: bool | None
    moods: Range | None
    cravings: Range | None


def figure_of(shared: Shared) -> Figure | None:
    """Return the drawing of the single check-ins of a page; None where too little is shared to be drawn."""
    period = shared.period
    days = _days(shared.check_ins, period)
    moods, cravings, uses = (
        [day for day in days if getattr(day, name) is not None] for name in ("mood", "craving", "used")
    )
    if max(len(moods), len(cravings)) < LEAST_DAYS:
        return None
    words = answer_words()
    steps = (period.last_day - period.first_day).days + 1
    series = []
    if moods:
        values = _values(period, steps, {day.day: day.mood for day in moods})
        ranges = _values(period, steps, {day.day: day.moods and (day.moods[1], day.moods[0]) for day in moods})
        series.append(Series("mood", *MOODS, values, ranges=ranges))
    if cravings:
        values = _values(period, steps, {day.day: day.craving for day in cravings})
        ranges = _values(period, steps, {day.day: day.cravings for day in cravings})
        series.append(Series("craving", 0, MOST_CRAVING, values, ranges=ranges))
    used = [day.day for day in uses if day.used]
    chart = draw(series, steps, [(day - period.first_day).days for day in used])
    return Figure(
        name=gettext("Mood and pull by day") if moods and cravings else gettext("Day by day"),
        sentences=[
            *_mood_sentence(shared.check_ins, words),
            *_craving_sentence(shared.check_ins),
            *_use_sentence(used),
        ],
        drawn=several_words(moods=any(day.moods for day in days), cravings=any(day.cravings for day in days)),
        chart=chart,
        panels=[_panel(panel, words) for panel in chart.panels],
        ticks=[
            (tick, _written(str(get_locale()), period.first_day + timedelta(days=step)))
            for tick, step in zip(chart.ticks, sorted({0, steps // 2, steps - 1}), strict=True)
        ],
        rows=_rows(days, bool(moods), bool(cravings), bool(uses), words),
        has_mood=bool(moods),
        has_craving=bool(cravings),
        has_use=bool(uses),
        folded=False,
    )


def new_in_short(shared: Shared) -> list[str]:
    """Return what came since a clinician last looked, in the sentences of the drawing; none at their first look."""
    team = shared.for_team
    if team is None or not team.new or team.looked_at is None:
        return []
    new = [one for one in shared.check_ins if one in team.new]
    used = sorted({one.day for one in new if one.use}, reverse=True)
    return [*_mood_sentence(new, answer_words()), *_craving_sentence(new), *_use_sentence(used)]


def _days(entries: Sequence[SharedCheckIn], period: Period) -> list[_Day]:
    """Return the days of a period that are drawn, the newest first; a phone ahead of today counts for today."""
    said: dict[date, list[SharedCheckIn]] = {}
    for entry in entries:
        said.setdefault(min(entry.day, period.last_day), []).append(entry)
    return [_day(day, found) for day, found in sorted(said.items(), reverse=True)]


def _day(day: date, entries: Sequence[SharedCheckIn]) -> _Day:
    moods, cravings, uses = (
        [value for one in entries if (value := getattr(one, name)) is not None] for name in ("mood", "craving", "use")
    )
    return _Day(
        day,
        mood=sum(moods) / len(moods) if moods else None,
        craving=max(cravings, default=None),
        used=any(uses) if uses else None,
        moods=range_of((mood, None) for mood in moods),
        cravings=range_of((craving, None) for craving in cravings),
    )


def _values(period: Period, steps: int, said: dict[date, _Value | None]) -> list[_Value | None]:
    return [said.get(period.first_day + timedelta(days=step)) for step in range(steps)]


def _panel(panel: Panel, words: AnswerWords) -> PanelWords:
    if panel.name == "mood":
        low, high = MOODS
        return PanelWords(panel, words.moods[high], words.moods[low], words.mood_label, "")
    return PanelWords(panel, gettext("10, the strongest"), gettext("0, none"), gettext("Pull"), "")


def _mood_sentence(entries: Sequence[SharedCheckIn], words: AnswerWords) -> list[str]:
    """Name the lowest and the highest mood of single check-ins: the middle of a day would hide a very low one."""
    moods = [entry.mood for entry in entries if entry.mood is not None]
    if not moods:
        return []
    low, high = words.moods[min(moods)], words.moods[max(moods)]
    if low == high:
        return [gettext("Mood was “%(mood)s”.", mood=low)]
    return [gettext("Mood was from “%(low)s” to “%(high)s”.", low=low, high=high)]


def _craving_sentence(entries: Sequence[SharedCheckIn]) -> list[str]:
    pulls = [entry.craving for entry in entries if entry.craving is not None]
    if not pulls:
        return []
    if min(pulls) == max(pulls):
        return [gettext("Pull to drink or use was %(number)s of 10.", number=pulls[0])]
    return [gettext("Pull to drink or use was %(low)s to %(high)s of 10.", low=min(pulls), high=max(pulls))]


def _use_sentence(days: Sequence[date]) -> list[str]:
    if not days:
        return []
    if len(days) > MOST_NAMED:
        return [gettext("Drank or used on %(count)s days.", count=len(days))]
    named = list_of_days([*reversed(days)], SHORT_DAY, get_locale() or "en")
    return [gettext("Drank or used on %(days)s.", days=named)]


def _rows(days: Sequence[_Day], moods: bool, cravings: bool, uses: bool, words: AnswerWords) -> Markup:
    locale, rows = str(get_locale()), []
    for day in days:
        said = (
            (mood_cell(day.mood, day.moods, words), moods),
            (pull_cell(day.craving, day.cravings, _HALVES), cravings),
            ("" if day.used is None else words.use[day.used], uses),
        )
        if any(text for text, _ in said):
            rows.append(_row(_written(locale, day.day), tuple(text for text, shown in said if shown)))
    return Markup("\n").join(rows)


@lru_cache(maxsize=4096)
def _row(when: str, cells: tuple[str, ...]) -> Markup:
    """Return a line of the table; what a day can say is so little that most lines were written before."""
    told = Markup("").join(Markup("<td>{}</td>").format(text) for text in cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(when, told)


@lru_cache(maxsize=1024)
def _written(locale: str, day: date) -> str:
    return str(format_date(day, SHORT_DAY, locale=locale))
