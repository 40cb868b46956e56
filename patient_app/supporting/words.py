"""What was shared, in kind words: a few plain sentences that stand before the single entries.

They are made of nothing but what `reading` gave for this very page, so whatever is closed is not in them, and where
nothing is open there is no sentence. The rules:

* The first is about the newest day, on the newest page only: how it is now. It says when that was, its mood, the hours
  of sleep and the pull.
* The others look at the last `DAYS` days of the page, or at the newest week where only summaries are shared.
* A day has one word for its mood: low, in between, or good, by the middle answer of the day (the lower one of two).
* Under `ENOUGH_DAYS` days with an answer nothing is said of how it went: only that this is too little to tell.
* "On most days": more than half of the days with an answer. Where no word has that, the mood was mixed.
* A very low check-in is named whatever the other days were: what most days were like would hide the one that counts.
* Of a pull to drink or use the same, by the highest answer of a day: none, mild, in the middle, strong.
* Of use only that it was noted on some days. That none was noted is not said: it would promise what nobody knows.
* Never a number for the person (hours of sleep are none), a comparison with other days, a cause, or a word for days
  without an entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from statistics import median_low

from flask_babel import LazyString, format_date, gettext
from flask_babel import lazy_gettext as _l

from patient_app.checkins.words import answer_words
from patient_app.core import i18n
from patient_app.reading.fields import SharedCheckIn
from patient_app.reading.service import Shared
from patient_app.reading.weeks import WeekSummary

DAYS = 7
ENOUGH_DAYS = 3

# The highest answer of each group, and what is said when a group has most of the days.
_MOODS: tuple[tuple[int, LazyString], ...] = (
    (2, _l("On most days the mood was low.")),
    (3, _l("On most days the mood was in between.")),
    (5, _l("On most days the mood was good.")),
)
_PULLS: tuple[tuple[int, LazyString], ...] = (
    (0, _l("On most days there was no pull to drink or use.")),
    (3, _l("On most days the pull to drink or use was mild.")),
    (6, _l("On most days the pull to drink or use was in the middle.")),
    (10, _l("On most days the pull to drink or use was strong.")),
)
# The same of one day, the mood as it was chosen.
_DAY_MOODS: tuple[LazyString, ...] = (
    _l("very low mood"),
    _l("low mood"),
    _l("mood in between"),
    _l("good mood"),
    _l("very good mood"),
)
_DAY_PULLS: tuple[LazyString, ...] = (
    _l("no pull to drink or use"),
    _l("mild pull to drink or use"),
    _l("medium pull to drink or use"),
    _l("strong pull to drink or use"),
)
_MIXED_MOOD = _l("The mood was mixed: some days lower, some days better.")
_MIXED_PULL = _l("The pull to drink or use was mixed: some days more, some days less.")
_VERY_LOW, _LOWEST = _l("There was a very low moment, too. A kind word can help."), 1
_TOO_FEW = _l("There are too few check-ins to say how the mood was on most days. That is fine.")
_USED = _l("Some drinking or use was noted. It takes trust to share that.")


def in_kind_words(shared: Shared) -> list[str]:
    """Return the sentences for a page; none where nothing was shared in its last days."""
    since = shared.period.last_day - timedelta(days=DAYS - 1)
    recent = [one for one in shared.check_ins if one.day >= since]
    # A week is there once it is over, so the newest one may have ended seven days ago.
    week = next((one for one in shared.weeks if one.monday >= since - timedelta(days=7)), None)
    newest = _newest(recent, shared.period.today) if shared.period.is_newest else None
    named = newest is not None and str(_DAY_MOODS[_LOWEST - 1]) in newest
    very_low = _VERY_LOW if not named and any(one.mood == _LOWEST for one in recent) else None
    found = [newest, _mood(recent) or _week_mood(week), very_low, _pull(recent) or _week_pull(week)]
    if any(one.use for one in recent) or (week is not None and week.use_days):
        found.append(_USED)
    return [str(sentence) for sentence in found if sentence is not None]


def which_days(shared: Shared) -> str:
    """Return the heading over the sentences."""
    if shared.period.is_newest:
        return gettext("The last few days, in short")
    return gettext("These days, in short")


def _newest(recent: Sequence[SharedCheckIn], today: date) -> str | None:
    """Return how the newest day was of which there is anything to say, in one line."""
    days: dict[date, list[SharedCheckIn]] = {}
    for one in recent:
        # A phone in a zone ahead can be in its next day before today is over.
        days.setdefault(min(one.day, today), []).append(one)
    lines = ((day, ", ".join(_said_of_day(days[day]))) for day in sorted(days, reverse=True))
    return next((gettext("%(day)s: %(said)s.", day=_when(day, today), said=said) for day, said in lines if said), None)


def _said_of_day(entries: Sequence[SharedCheckIn]) -> list[str]:
    moods = [one.mood for one in entries if one.mood is not None]
    slept = [one.sleep_hours for one in entries if one.sleep_hours is not None]
    pulls = [one.craving for one in entries if one.craving is not None]
    said = [str(_DAY_MOODS[median_low(moods) - 1])] if moods else []
    said += [gettext("slept %(hours)s", hours=answer_words().sleep[min(slept)])] if slept else []
    return [*said, str(_DAY_PULLS[_group(max(pulls), _PULLS)])] if pulls else said


def _when(day: date, today: date) -> str:
    if day == today:
        return gettext("Today")
    return gettext("Yesterday") if day == today - timedelta(days=1) else i18n.at_head(format_date(day, "EEEE"))


def _mood(recent: Iterable[SharedCheckIn]) -> LazyString | None:
    days = _by_day((one.day, one.mood) for one in recent)
    return _most(days, median_low, _MOODS, _MIXED_MOOD, _TOO_FEW)


def _pull(recent: Iterable[SharedCheckIn]) -> LazyString | None:
    days = _by_day((one.day, one.craving) for one in recent)
    return _most(days, max, _PULLS, _MIXED_PULL, None)


def _by_day(answers: Iterable[tuple[date, int | None]]) -> list[list[int]]:
    days: dict[date, list[int]] = {}
    for day, answer in answers:
        if answer is not None:
            days.setdefault(day, []).append(answer)
    return list(days.values())


def _most(
    days: list[list[int]],
    word_of: Callable[[list[int]], int],
    groups: tuple[tuple[int, LazyString], ...],
    mixed: LazyString,
    too_few: LazyString | None,
) -> LazyString | None:
    """Return the sentence of the group that has more than half of the days, or the one that fits instead."""
    if len(days) < ENOUGH_DAYS:
        return too_few if days else None
    ((group, count),) = Counter(_group(word_of(day), groups) for day in days).most_common(1)
    return groups[group][1] if count * 2 > len(days) else mixed


def _group(answer: float, groups: tuple[tuple[int, LazyString], ...]) -> int:
    return next(number for number, (highest, _sentence) in enumerate(groups) if answer <= highest)


# --- Where a summary of the week is all that is shared ----------------------------------------------------------------

_WEEK_MOODS: tuple[LazyString, ...] = (
    _l("In the newest week the mood was mostly low."),
    _l("In the newest week the mood was mostly in between."),
    _l("In the newest week the mood was mostly good."),
)
_WEEK_PULLS: tuple[LazyString, ...] = (
    _l("In the newest week there was mostly no pull to drink or use."),
    _l("In the newest week the pull to drink or use was mostly mild."),
    _l("In the newest week the pull to drink or use was mostly in the middle."),
    _l("In the newest week the pull to drink or use was mostly strong."),
)


def _week_mood(week: WeekSummary | None) -> LazyString | None:
    if week is None or week.mood is None:
        return None
    return _TOO_FEW if week.mood_days < ENOUGH_DAYS else _WEEK_MOODS[_group(week.mood, _MOODS)]


def _week_pull(week: WeekSummary | None) -> LazyString | None:
    return None if week is None or week.craving is None else _WEEK_PULLS[_group(week.craving, _PULLS)]
