"""The weeks around a change as a drawing, in sentences, and as a table: the history's drawing, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from patient_app.checkins.chart import LEFT, RIGHT, Chart, Panel, Point, Series, draw
from patient_app.checkins.words import MOODS, MOST_CRAVING
from patient_app.core import i18n
from patient_app.effects.weeks import WEEKS, WEEKS_BEFORE, ChangePoint, Kind, Week, before_and_after

_MOST_SLEEP = 12


@dataclass(frozen=True, slots=True)
class PanelWords:
    """One panel with the words that stand at its ends."""

    panel: Panel
    label: str
    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What is shown of some ratings. The line of the change stands at `change_at`, its word at `change_words_at`."""

    sentences: tuple[str, ...]
    chart: Chart
    panels: tuple[PanelWords, ...]
    ticks: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    change_at: str
    change_words_at: str
    marks: bool


def figure(change: ChangePoint, weeks: Sequence[Week], names: Sequence[str], *, noticed: bool) -> Figure | None:
    """Return the drawing of these ratings ("mood", "sleep", "craving"); None where there is nothing of them.

    The table names each week by its number and by the day on which it begins.

    With `noticed`, weeks in which a side effect began are marked, and named in the table.
    """
    told = [name for name in names if any(getattr(week, name) is not None for week in weeks)]
    if not told:
        return None
    by_number = {week.number: week for week in weeks}
    series = [_series(name, by_number) for name in told]
    marked = [number + WEEKS_BEFORE for number, week in by_number.items() if week.noticed] if noticed else []
    chart = draw(series, len(WEEKS), marked)
    shows = bool(marked)
    across = LEFT + (RIGHT - LEFT) * WEEKS_BEFORE / (len(WEEKS) - 1)
    return Figure(
        sentences=tuple(line for name in told for line in _sentence(name, weeks)),
        chart=chart,
        panels=tuple(PanelWords(panel, *_words(panel.name)) for panel in chart.panels),
        ticks=_ticks(),
        headings=(gettext("Week"), *(_words(name)[0] for name in told), *([gettext("First noticed")] if shows else [])),
        rows=tuple(_row(change, week, told, shows) for week in weeks if not week.is_empty),
        change_at=f"{across:.0f}",
        change_words_at=Point(across, 0).across,
        marks=shows,
    )


def _ticks() -> tuple[str, str, str]:
    """Return the first, the middle and the last week as short as they must be to stand beside each other."""
    middle = WEEKS[len(WEEKS) // 2]
    return f"\N{MINUS SIGN}{-WEEKS[0]}", f"+{middle}", gettext("+%(number)s wk", number=WEEKS[-1])


def week_name(number: int) -> str:
    """Return a week in words, counted from the change."""
    if number < 0:
        return str(ngettext("%(num)s week before", "%(num)s weeks before", -number))
    return gettext("Week %(number)s", number=number)


def change_words(change: ChangePoint) -> str:
    """Return what changed, in words."""
    return {
        Kind.STARTED: gettext("Started"),
        Kind.DOSE: gettext("Dose changed"),
        Kind.STEPS: gettext("Dose changes in steps"),
        Kind.PAUSED: gettext("Paused"),
        Kind.RESUMED: gettext("Taken again"),
        Kind.STOPPED: gettext("Stopped"),
        Kind.ENDED: gettext("Ended as planned"),
        Kind.LAST_STEP: gettext("Last step of the plan"),
        Kind.TAPERED: gettext("Last step down"),
    }[change.kind]


def _series(name: str, weeks: dict[int, Week]) -> Series:
    least, most = {"mood": (1, 5), "craving": (0, MOST_CRAVING), "sleep": (0, _MOST_SLEEP)}[name]
    return Series(name, least, most, [getattr(weeks[number], name) if number in weeks else None for number in WEEKS])


def _words(name: str) -> tuple[str, str, str]:
    """Return what a rating is called, and the words at the top and bottom of its scale."""
    if name == "mood":
        return gettext("Mood"), str(MOODS[max(MOODS)]), str(MOODS[min(MOODS)])
    if name == "craving":
        return gettext("Pull"), gettext("10, the strongest"), gettext("0, none")
    return gettext("Sleep"), gettext("12 hours"), gettext("0 hours")


def _sentence(name: str, weeks: Sequence[Week]) -> list[str]:
    before, after = before_and_after((week.number, getattr(week, name)) for week in weeks)
    label = _words(name)[0]
    if before is not None and after is not None:
        words = {"label": label, "before": _value(name, before), "after": _value(name, after)}
        return [gettext("%(label)s before: %(before)s. Since: %(after)s.", **words)]
    return []


def _value(name: str, value: float) -> str:
    if name == "mood":
        low = int(value)
        if value == low:
            return str(MOODS[low])
        return gettext("between “%(low)s” and “%(high)s”", low=MOODS[low], high=MOODS[low + 1])
    number = i18n.number_in_words(round(value, 1))
    return gettext("%(number)s of 10", number=number) if name == "craving" else gettext("%(hours)s h", hours=number)


def _row(change: ChangePoint, week: Week, told: Sequence[str], shows: bool) -> tuple[str, ...]:
    values = ((name, getattr(week, name)) for name in told)
    cells = ["" if value is None else _value(name, value) for name, value in values]
    begins = i18n.day_in_words(change.begin_of(week.number), "d MMM")
    name = gettext("%(week)s, from %(day)s", week=week_name(week.number), day=begins)
    return (name, *cells, *([", ".join(week.noticed)] if shows else []))
