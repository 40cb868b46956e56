"""What the history says: the chart's words and sentences, its table, and the month. Days in, words out.

Sentences tell what is seen and judge nothing. Words that are always the same are asked once a language.
"""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import ceil, floor

from babel import Locale
from babel.dates import format_date
from flask_babel import get_locale, gettext, ngettext
from markupsafe import Markup

from patient_app.checkins.asks import Asks, days_sentence, named_days_sentence, pull_sentence
from patient_app.checkins.chart import Chart, Panel, Point, Series, draw
from patient_app.checkins.history import DAYS_OF_A_WEEK, Day, Range, range_of, usual_range, weeks_of
from patient_app.checkins.words import MOST_CRAVING, AnswerWords, answer_words
from patient_app.core import i18n
from patient_app.core.day_lists import list_of_days

PERIODS = (7, 30, 90, 365)
USUAL_PERIOD, YEAR, WEEKS_OF_A_YEAR = 30, 365, 52
# So many days are named; more are counted.
MOST_NAMED = 3
_HALF, _QUARTER = 0.5, 0.25
# Where the practices are: it says on which day a week begins.
TERRITORY = "US"
SHORT_DAY, LONG_DAY, MONTH = "d MMM", "d MMMM", "MMMM y"


@dataclass(frozen=True, slots=True)
class PanelWords:
    """A panel and the words at it: at the ends of its scale, at its line, and at its band."""

    panel: Panel
    above: str
    below: str
    label: str
    usual: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawing with its sentences and its table; a folded one is shown after a tap.

    `sentences` say what is seen, `drawn` how it is drawn where that needs words.
    """

    name: str
    sentences: list[str]
    drawn: list[str]
    chart: Chart
    panels: list[PanelWords]
    ticks: list[tuple[Point, str]]
    rows: Markup
    has_mood: bool
    has_craving: bool
    has_use: bool
    folded: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the month: a link where there are entries.

    `faces` are its moods as they were chosen, never a mean of them: of several that differ the lowest and the highest.
    """

    day: date
    said: Day | None
    faces: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a table of weeks; None stands for days of another month."""

    name: str
    weekdays: list[tuple[str, str]]
    weeks: list[list[Cell | None]]
    has_ranges: bool
    used: list[date]
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """What is the same for everybody who reads this language; made once a language, so each is equal to itself only."""

    locale: str
    answers: AnswerWords
    numbers: tuple[str, ...]
    strongest: str
    none: str
    pull: str
    usual: str
    today: str
    periods: dict[int, str]
    said_of_use: dict[tuple[int | None, bool | None], Markup]


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that are drawn: from a first one, in steps of days or weeks, up to today."""

    period: int
    first: date
    steps: int

    @property
    def by_week(self) -> bool:
        return self.period == YEAR

    def step(self, day: date) -> int:
        return (day - self.first).days // (DAYS_OF_A_WEEK if self.by_week else 1)

    def day(self, step: int) -> date:
        return self.first + timedelta(days=step * (DAYS_OF_A_WEEK if self.by_week else 1))


def period_words() -> dict[int, str]:
    """Return the periods and what they are called."""
    return _words().periods


def use_words(asks: Asks) -> dict[tuple[int | None, bool | None], Markup]:
    """Return what the list says of a craving and of use, for every answer there is; nothing when neither was told."""
    return _words(asks).said_of_use


def first_day_of(period: int, today: date) -> date:
    """Return the first day that a period draws."""
    days = WEEKS_OF_A_YEAR * DAYS_OF_A_WEEK if period == YEAR else period
    return today - timedelta(days=days - 1)


def first_day_read(period: int, today: date) -> date:
    """Return the first day that is read for a period: what is usual needs more days than the shortest one has."""
    return first_day_of(max(period, USUAL_PERIOD), today)


def figures(days: Sequence[Day], period: int, today: date, *, fold: bool, asks: Asks = Asks.USE) -> list[Figure]:
    """Return what a period shows: one drawing, or with craving and use folded away, two; none without an answer."""
    first = first_day_of(period, today)
    span = _Span(period, first, WEEKS_OF_A_YEAR if period == YEAR else period)
    shown = [day for day in days if day.day >= first]
    steps = weeks_of(shown, first) if span.by_week else shown
    usual = [*steps] if span.by_week else days
    moods = any(day.mood is not None for day in shown)
    cravings = any(day.craving is not None for day in shown)
    uses = any(day.used is not None for day in shown)
    drawer = _Drawer(span, steps, usual, shown, asks)
    if not fold:
        return [drawer.figure(moods, cravings, uses)] if moods or cravings or uses else []
    found = [drawer.figure(True, False, False)] if moods else []
    return [*found, drawer.figure(False, cravings, uses, folded=True)] if cravings or uses else found


class _Drawer:
    """Draws one period."""

    def __init__(
        self, span: _Span, steps: Sequence[Day], usual: Sequence[Day], shown: Sequence[Day], asks: Asks
    ) -> None:
        self._span, self._steps, self._shown, self._asks = span, steps, shown, asks
        self._words = _words(asks)
        # Only the shortest period has its usual range from more days than it shows.
        self._all_shown = len(usual) == len(steps)
        self._moods = usual_range([day.mood for day in usual if day.mood is not None])
        self._cravings = usual_range([day.craving for day in usual if day.craving is not None])

    def figure(self, moods: bool, cravings: bool, uses: bool, *, folded: bool = False) -> Figure:
        series = []
        if moods:
            series.append(self._mood_series())
        if cravings:
            series.append(self._craving_series())
        marks = [self._span.step(day.day) for day in self._steps if day.used] if uses else []
        chart = draw(series, self._span.steps, marks)
        return Figure(
            name=self._words.periods[self._span.period],
            sentences=[
                *self._mood_sentences(moods),
                *self._craving_sentences(cravings),
                *self._use_sentences(uses),
            ],
            drawn=self._about_steps({drawn.name for drawn in series if any(drawn.ranges)}),
            chart=chart,
            panels=[self._panel(panel) for panel in chart.panels],
            ticks=self._ticks(chart),
            rows=self._rows(moods, cravings, uses),
            has_mood=moods,
            has_craving=cravings,
            has_use=uses,
            folded=folded,
        )

    def _about_steps(self, ranged: Set[str]) -> list[str]:
        if self._span.by_week:
            return [gettext("The line is the middle of each week. Thin upright lines lead to its hardest check-in.")]
        return several_words(moods="mood" in ranged, cravings="craving" in ranged)

    def _mood_series(self) -> Series:
        """Draw the range of a day, but of a week only from its middle to its lowest: else 52 lines are a fence."""
        values: list[float | None] = [None] * self._span.steps
        ranges: list[Range | None] = [None] * self._span.steps
        for day in self._steps:
            step = self._span.step(day.day)
            values[step] = day.mood
            if day.moods and day.mood is not None:
                ranges[step] = (day.mood if self._span.by_week else day.moods[1], day.moods[0])
        return Series("mood", 1, 5, values, self._moods, ranges)

    def _craving_series(self) -> Series:
        """Draw it as the moods; the hardest is the strongest."""
        values: list[float | None] = [None] * self._span.steps
        ranges: list[Range | None] = [None] * self._span.steps
        for day in self._steps:
            step = self._span.step(day.day)
            values[step] = day.craving
            if day.cravings and day.craving is not None:
                ranges[step] = (day.craving if self._span.by_week else day.cravings[0], day.cravings[1])
        return Series("craving", 0, MOST_CRAVING, values, self._cravings, ranges)

    def _panel(self, panel: Panel) -> PanelWords:
        words = self._words
        usual = words.usual if panel.band else ""
        if panel.name == "mood":
            moods = words.answers.moods
            return PanelWords(panel, moods[5], moods[1], words.answers.mood_label, usual)
        return PanelWords(panel, words.strongest, words.none, words.pull, usual)

    def _ticks(self, chart: Chart) -> list[tuple[Point, str]]:
        pattern = "MMM y" if self._span.by_week else SHORT_DAY
        count = len(chart.ticks)
        middle = self._span.day(self._span.steps // 2)
        days = [self._span.first, middle][: count - 1]
        told = [*(_written(day, pattern, self._words.locale) for day in days), self._words.today]
        return list(zip(chart.ticks, told, strict=True))

    def _rows(self, moods: bool, cravings: bool, uses: bool) -> Markup:
        columns, by_week, words = (moods, cravings, uses), self._span.by_week, self._words
        rows = "".join([_row(day, columns, by_week, words) for day in reversed(self._steps)])
        return Markup(rows)  # noqa: S704 - each was escaped when it was made.

    def _mood_sentences(self, moods: bool) -> list[str]:
        if not moods:
            return []
        words = self._words.answers
        told = [(day.mood, day.moods) for day in self._steps if day.mood is not None]
        low, high, mostly = self._seen(told, self._moods)
        lowest, highest = mood_words(low, words), mood_words(high, words)
        if lowest == highest:
            first = (
                gettext("Mood was mostly “%(mood)s”.", mood=lowest)
                if mostly
                else gettext("Mood was “%(mood)s”.", mood=lowest)
            )
        elif mostly:
            first = gettext("Mood was mostly from “%(low)s” to “%(high)s”.", low=lowest, high=highest)
        else:
            first = gettext("Mood was from “%(low)s” to “%(high)s”.", low=lowest, high=highest)
        return [first, *self._lower(low)]

    def _seen(self, told: Sequence[tuple[float, Range | None]], known: Range | None) -> tuple[float, float, bool]:
        """Return the range to be told, and whether it is the usual one (or, of few values, all there is)."""
        usual = known if self._all_shown else usual_range([value for value, _ in told])
        if usual is None:
            low, high = range_of(told) or (told[0][0], told[0][0])
            return low, high, False
        return floor(usual[0]), ceil(usual[1]), True

    def _lower(self, usual: float) -> list[str]:
        """Name the days that were below what is told already: a usual range would hide the very low ones."""
        lows = {day.day: day.moods[0] if day.moods else day.mood for day in self._steps if day.mood is not None}
        lower = {day: mood for day, mood in lows.items() if mood < usual}
        if not lower:
            return []
        if self._span.by_week:
            return [gettext("The lowest was “%(mood)s”.", mood=mood_words(min(lower.values()), self._words.answers))]
        if len(lower) > MOST_NAMED:
            return [ngettext("It was lower on %(num)d day.", "It was lower on %(num)d days.", len(lower))]
        return [gettext("It was lower on %(days)s.", days=_listed([*lower]))]

    def _craving_sentences(self, cravings: bool) -> list[str]:
        if not cravings:
            return []
        told = [(day.craving, day.cravings) for day in self._steps if day.craving is not None]
        low, high, mostly = self._seen(told, self._cravings)
        numbers = self._words.numbers
        least, most = numbers[round(low * 2)], numbers[round(high * 2)]
        first = pull_sentence(self._asks, least, most, mostly=mostly)
        if not mostly:
            return [first]
        return [first, *self._higher(high, max(both[1] if both else craving for craving, both in told))]

    def _higher(self, usual: float, strongest: float) -> list[str]:
        """Name or count every day above what is told already, as the drawing shows it; of many, the strongest too."""
        if strongest <= usual:
            return []
        said = gettext("The strongest was %(number)s of 10.", number=self._words.numbers[round(strongest * 2)])
        if self._span.by_week:
            return [said]
        days = [day.day for day in self._steps if day.craving is not None and day.craving > usual]
        if len(days) > MOST_NAMED:
            return [ngettext("It was higher on %(num)d day.", "It was higher on %(num)d days.", len(days)), said]
        return [gettext("It was higher on %(days)s.", days=_listed(days))]

    def _use_sentences(self, uses: bool) -> list[str]:
        days = [day.day for day in self._shown if day.used] if uses else []
        if not days:
            return []
        if len(days) > MOST_NAMED:
            return [days_sentence(self._asks, len(days))]
        return [named_days_sentence(self._asks, _listed(days))]


def month_of(
    day: date, days: Iterable[Day], today: date, *, has_earlier: bool, fold: bool, asks: Asks = Asks.USE
) -> Month:
    """Return the month of a day with what was said on its days."""
    locale, words = _locale(), _words(asks)
    beginning = Locale(locale.language, TERRITORY).first_week_day
    said = {one.day: one for one in days}
    weeks = Calendar(beginning).monthdatescalendar(day.year, day.month)
    first = day.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return Month(
        name=_written(day, MONTH, words.locale),
        weekdays=_weekdays(words.locale, beginning),
        weeks=[
            [_cell(one, said.get(one), words.answers, fold=fold) if one.month == day.month else None for one in week]
            for week in weeks
        ],
        has_ranges=any(one.moods for one in said.values()),
        used=[one.day for one in said.values() if one.used],
        previous=f"{first - timedelta(days=1):%Y-%m}" if has_earlier else None,
        next=f"{after:%Y-%m}" if after <= today else None,
    )


def _cell(day: date, said: Day | None, words: AnswerWords, *, fold: bool) -> Cell:
    if said is None:
        return Cell(day, None, (), "")
    ends = said.moods or (() if said.mood is None else (said.mood,))
    faces = tuple(round(end) for end in ends)
    spoken = [words.moods[face] for face in faces]
    if said.moods:
        low, high = spoken
        spoken = [gettext("lowest “%(low)s”, highest “%(high)s”", low=low, high=high)]
    if said.used and not fold:
        spoken.append(words.use_label)
    return Cell(day, said, faces, ", ".join(spoken) or gettext("check-in"))


def mood_words(mood: float, words: AnswerWords) -> str:
    """Return the word of a mood; of one that lies between two, both."""
    low = int(mood)
    if mood - low <= _QUARTER:
        return words.moods[low]
    if mood - low > _HALF:
        return words.moods[low + 1]
    return gettext("%(low)s to %(high)s", low=words.moods[low], high=words.moods[low + 1])


def several_words(*, moods: bool, cravings: bool) -> list[str]:
    """Return where days with several check-ins are drawn, of what differs in them; nothing where neither does."""
    if moods and cravings:
        drawn = gettext("On days with several check-ins, mood is drawn in their middle, and pull at its strongest.")
    elif moods:
        drawn = gettext("On days with several check-ins, mood is drawn in their middle.")
    elif cravings:
        drawn = gettext("On days with several check-ins, pull is drawn at its strongest.")
    else:
        return []
    return [drawn, gettext("Thin upright lines go from the lowest to the highest.")]


def mood_cell(mood: float | None, both: Range | None, words: AnswerWords) -> str:
    """Return what the table says of a day's moods; empty where there is none."""
    if mood is None or both is None:
        return "" if mood is None else mood_words(mood, words)
    low, high = (mood_words(end, words) for end in both)
    middle = mood_words(mood, words)
    return gettext("%(middle)s (lowest “%(low)s”, highest “%(high)s”)", middle=middle, low=low, high=high)


def pull_cell(craving: float | None, both: Range | None, numbers: Sequence[str]) -> str:
    """Return what the table says of a day's pull, by the words of each half step; empty where there is none."""
    if craving is None or both is None:
        return "" if craving is None else numbers[round(craving * 2)]
    low, high = (numbers[round(end * 2)] for end in both)
    if craving == both[1]:
        return gettext("lowest %(low)s, highest %(high)s", low=low, high=high)
    middle = numbers[round(craving * 2)]
    return gettext("%(middle)s (lowest %(low)s, highest %(high)s)", middle=middle, low=low, high=high)


def _listed(days: Sequence[date]) -> str:
    return list_of_days(days, LONG_DAY, _locale())


def _locale() -> Locale:
    return get_locale() or Locale("en")


@lru_cache(maxsize=8192)
def _row(day: Day, columns: tuple[bool, bool, bool], by_week: bool, words: _Words) -> Markup:
    """Return a line of the table; what a day can say is so little that most lines were written before."""
    when = _written(day.day, SHORT_DAY, words.locale)
    said = (
        mood_cell(day.mood, day.moods, words.answers),
        pull_cell(day.craving, day.cravings, words.numbers),
        "" if day.used is None else words.answers.use[day.used],
    )
    cells = [Markup("<td>{}</td>").format(text) for text, shown in zip(said, columns, strict=True) if shown]
    first = gettext("Week of %(day)s", day=when) if by_week else when
    return Markup('<tr><th scope="row">{}</th>{}</tr>\n').format(first, Markup("").join(cells))


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str, locale: str) -> str:
    return str(format_date(day, i18n.pattern_in(pattern, locale), locale=locale))


@lru_cache(maxsize=16)
def _weekdays(locale: str, first: int) -> list[tuple[str, str]]:
    """Return the days of the week from a first one: short for the eye, whole for the ear."""
    monday = date(2024, 1, 1)
    days = [monday + timedelta(days=first + number) for number in range(DAYS_OF_A_WEEK)]
    return [(_written(day, "EEE", locale), _written(day, "EEEE", locale)) for day in days]


def _said_of_use(craving: int | None, use: bool | None, words: AnswerWords) -> Markup:
    told = [] if craving is None else [f"{words.craving_label}: {words.cravings[craving]}"]
    told += [] if use is None else [f"{words.use_label}: {words.use[use]}"]
    return Markup(" ").join(Markup("<span>{}</span>").format(one) for one in told)


def _words(asks: Asks = Asks.USE) -> _Words:
    return _make_words(i18n.catalogue(), str(_locale()), asks)


@lru_cache(maxsize=16)
def _make_words(_catalogue: object, locale: str, asks: Asks) -> _Words:
    answers = answer_words(asks)
    return _Words(
        locale=locale,
        answers=answers,
        said_of_use={
            (craving, use): _said_of_use(craving, use, answers)
            for craving in (None, *range(MOST_CRAVING + 1))
            for use in (None, False, True)
        },
        numbers=tuple(i18n.number_in_words(half / 2) for half in range(2 * MOST_CRAVING + 1)),
        strongest=gettext("10, the strongest"),
        none=gettext("0, none"),
        pull=gettext("Pull"),
        usual=gettext("shaded: your usual"),
        today=gettext("Today"),
        periods={
            period: gettext("A year") if period == YEAR else gettext("%(count)s days", count=period)
            for period in PERIODS
        },
    )
