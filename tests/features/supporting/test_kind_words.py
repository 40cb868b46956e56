"""The rule of the sentences that stand before single entries: a table of cases, and what no case may say."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patient_app.consent.decisions import Grants
from patient_app.learn.word_rules import WORDS, Text, broken
from patient_app.reading.fields import SharedCheckIn
from patient_app.reading.people import Named
from patient_app.reading.service import Period, Shared
from patient_app.reading.weeks import WeekSummary
from patient_app.supporting.words import DAYS, in_kind_words

TODAY = date(2026, 11, 25)  # A Wednesday.


def check_in(
    days_ago: int,
    mood: int | None = None,
    craving: int | None = None,
    use: bool | None = None,
    sleep: int | None = None,
) -> SharedCheckIn:
    """Return a check-in as a reader gets it."""
    day = TODAY - timedelta(days=days_ago)
    return SharedCheckIn(
        day=day,
        local_time=datetime.combine(day, time(12)),
        mood=mood,
        craving=craving,
        use=use,
        sleep_hours=sleep,
    )


def said(
    app: Flask, check_ins: Sequence[SharedCheckIn] = (), weeks: Sequence[WeekSummary] = (), today: date = TODAY
) -> list[str]:
    """Return the sentences for a page of these."""
    period = Period(TODAY - timedelta(days=13), TODAY, today)
    shared = Shared(Named(uuid.uuid4(), "Robin Vale"), Grants(), period, tuple(check_ins), tuple(weeks))
    with app.test_request_context(), force_locale("en"):
        return in_kind_words(shared)


def said_of_most(app: Flask, check_ins: Sequence[SharedCheckIn] = ()) -> list[str]:
    """Return the sentences but that about the newest day."""
    return said(app, check_ins, today=TODAY + timedelta(days=1))


LOW = "On most days the mood was low."
MIXED = "The mood was mixed: some days lower, some days better."
VERY_LOW = "There was a very low moment, too. A kind word can help."
TOO_FEW = "There are too few check-ins to say how the mood was on most days. That is fine."
USED = "Some drinking or use was noted. It takes trust to share that."


@pytest.mark.parametrize(
    ("moods", "sentence"),
    [
        ([], None),
        ([1], TOO_FEW),
        ([1, 2], TOO_FEW),
        ([1, 2, 5], LOW),
        ([1, 2, 2, 4, 5], LOW),
        ([2, 2, 4, 5], MIXED),  # Half is not most.
        ([1, 3, 5], MIXED),
        ([3, 3, 1], "On most days the mood was in between."),
        ([4, 5, 4, 1], "On most days the mood was good."),
        ([1, 1, 1, 5, 5, 5, 3], MIXED),
    ],
    ids=str,
)
def test_the_mood_of_most_days(app: Flask, moods: list[int], sentence: str | None) -> None:
    entries = [check_in(number, mood) for number, mood in enumerate(moods)]
    very_low = [VERY_LOW] if 1 in moods else []
    assert said_of_most(app, entries) == ([] if sentence is None else [sentence, *very_low])


def test_a_day_with_several_answers_is_one_day_by_its_middle_answer(app: Flask) -> None:
    one_bad_day = [check_in(0, mood) for mood in (1, 1, 1, 1)]
    assert said_of_most(app, [*one_bad_day, check_in(1, 4), check_in(2, 4)]) == [
        "On most days the mood was good.",
        VERY_LOW,
    ]
    assert said_of_most(app, [check_in(0, 5), check_in(0, 1), check_in(1, 2), check_in(2, 4)]) == [LOW, VERY_LOW]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([check_in(0, 2, sleep=5), check_in(1, 5)], "Today: low mood, slept 5 hours."),
        ([check_in(1, 4, craving=8, sleep=8)], "Yesterday: good mood, slept 8 hours, strong pull to drink or use."),
        ([check_in(2, sleep=3), check_in(3, 1)], "Monday: slept 3 hours or less."),
        ([check_in(0, use=True), check_in(1, 3, 0)], "Yesterday: mood in between, no pull to drink or use."),
        (
            [check_in(0, 1), check_in(0, 5), check_in(0, 5, 2), check_in(0, craving=5)],
            "Today: very good mood, medium pull to drink or use.",
        ),
        ([check_in(-1, 1), check_in(1, 5)], "Today: very low mood."),  # A phone in a zone ahead.
    ],
    ids=str,
)
def test_the_newest_day_comes_first(app: Flask, entries: list[SharedCheckIn], sentence: str) -> None:
    assert said(app, entries)[0] == sentence


def test_earlier_pages_and_days_long_past_say_nothing_of_a_newest_day(app: Flask) -> None:
    assert said_of_most(app, [check_in(0, 2), check_in(1, 2), check_in(2, 2)]) == [LOW]
    assert said(app, [check_in(DAYS, 2)]) == []


def test_older_days_of_the_page_count_for_nothing(app: Flask) -> None:
    older = [check_in(DAYS + number, 1) for number in range(5)]
    assert said(app, older) == []
    assert said_of_most(app, [*older, *(check_in(number, 5) for number in range(3))]) == [
        "On most days the mood was good."
    ]


@pytest.mark.parametrize(
    ("cravings", "sentence"),
    [
        ([9, 9], None),
        ([0, 0, 8], "On most days there was no pull to drink or use."),
        ([1, 3, 8], "On most days the pull to drink or use was mild."),
        ([4, 6, 0], "On most days the pull to drink or use was in the middle."),
        ([7, 10, 0], "On most days the pull to drink or use was strong."),
        ([0, 2, 9], "The pull to drink or use was mixed: some days more, some days less."),
    ],
    ids=str,
)
def test_the_pull_of_most_days(app: Flask, cravings: list[int], sentence: str | None) -> None:
    entries = [check_in(number, craving=craving) for number, craving in enumerate(cravings)]
    assert said_of_most(app, entries) == ([] if sentence is None else [sentence])


def test_use_is_said_once_without_a_number_and_no_use_is_not_said(app: Flask) -> None:
    assert said(app, [check_in(0, use=True), check_in(1, use=True)]) == [USED]
    assert said(app, [check_in(0, use=False), check_in(1, use=False), check_in(2, use=False)]) == []


def test_where_only_summaries_are_shared_the_newest_week_speaks(app: Flask) -> None:
    monday = date(2026, 11, 23)
    week = WeekSummary(monday=monday, mood_days=4, mood=2)
    assert said(app, weeks=[week, WeekSummary(monday=monday - timedelta(7), mood_days=5, mood=5)]) == [
        "In the newest week the mood was mostly low."
    ]
    assert said(app, weeks=[WeekSummary(monday=monday, mood_days=2, mood=2)]) == [TOO_FEW]
    with_use = WeekSummary(monday=monday, mood_days=0, craving=8, use_days=2)
    assert said(app, weeks=[with_use]) == ["In the newest week the pull to drink or use was mostly strong.", USED]
    assert said(app, weeks=[WeekSummary(monday=monday - timedelta(14), mood_days=5, mood=1)]) == []


entries = st.builds(
    check_in,
    days_ago=st.integers(0, 13),
    mood=st.none() | st.integers(1, 5),
    craving=st.none() | st.integers(0, 10),
    use=st.none() | st.booleans(),
    sleep=st.none() | st.integers(3, 10),
)
weeks = st.builds(
    WeekSummary,
    monday=st.sampled_from([date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 9)]),
    mood_days=st.integers(0, 7),
    mood=st.none() | st.integers(1, 5),
    craving=st.none() | st.floats(0, 10, allow_nan=False),
    use_days=st.none() | st.integers(0, 7),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(check_ins=st.lists(entries, max_size=20), summed=st.lists(weeks, max_size=3))
def test_no_state_shows_a_number_a_blame_or_what_was_not_shared(
    app: Flask, check_ins: list[SharedCheckIn], summed: list[WeekSummary]
) -> None:
    sentences = said(app, check_ins, summed)
    words = " ".join(sentences)
    assert len(sentences) <= 5
    since = TODAY - timedelta(days=DAYS - 1)
    very_low = any(one.mood == 1 and one.day >= since for one in check_ins)
    assert (VERY_LOW in sentences or "very low mood" in sentences[0]) if very_low else VERY_LOW not in sentences
    assert not re.search(r"\d", re.sub(r"slept \d+ hours", "", words))
    assert not broken([Text("sentence", 1, words)], WORDS)
    if {one.mood for one in check_ins} | {one.mood for one in summed} <= {None}:
        assert "mood" not in words
    if {one.craving for one in check_ins} <= {None} and {one.craving for one in summed} <= {None}:
        assert "pull" not in words
    if {one.sleep_hours for one in check_ins} <= {None}:
        assert "slept" not in words
    if not any(one.use for one in check_ins) and not any(one.use_days for one in summed):
        assert "noted" not in words
