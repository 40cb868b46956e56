"""The chart's geometry: what is drawn stays in its frame, gaps stay gaps, and the order of days is kept."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from patient_app.checkins import chart
from patient_app.checkins.chart import Series, draw, runs
from patient_app.checkins.history import Day, usual_range, weeks_of

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
RATINGS = st.lists(st.none() | st.integers(0, 10), min_size=1, max_size=120)
RANGES = st.lists(st.none() | st.tuples(st.integers(0, 10), st.integers(0, 10)), max_size=120)


def points(path: str) -> list[tuple[float, float]]:
    """Return the places of a line's path."""
    numbers = [float(number) for number in NUMBER.findall(path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def dots(path: str) -> list[tuple[float, float]]:
    """Return the places of a path of dots."""
    return [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+?)h\.1", path)]


def uprights(path: str) -> list[tuple[float, float, float]]:
    """Return where each upright line stands, and where it begins and ends."""
    return [(float(x), float(y), float(to)) for x, y, to in re.findall(r"M(\S+) (\S+?)V([\d.]+)", path)]


@given(RATINGS, RATINGS, st.sets(st.integers(-5, 130)), RANGES)
def test_everything_stays_in_the_frame(
    moods: list[int | None], cravings: list[int | None], marks: set[int], ranges: list[tuple[float, float] | None]
) -> None:
    steps = max(len(moods), len(cravings))
    series = [Series("mood", 1, 5, moods, (2, 4), ranges), Series("craving", 0, 10, cravings, ranges=ranges)]
    drawn = draw(series, steps, marks)
    for panel in drawn.panels:
        placed = [place for line in panel.lines for place in points(line)] + dots(panel.dots) + dots(panel.hardest)
        placed += [place for x, high, low in uprights(panel.ranges) for place in ((x, high), (x, low))]
        for x, y in placed:
            assert math.isfinite(x)
            assert math.isfinite(y)
            assert chart.LEFT <= x <= chart.RIGHT
            assert panel.top <= y <= panel.bottom
        if panel.band:
            assert panel.top <= panel.band.top
            assert panel.band.top + panel.band.height <= panel.bottom
            assert panel.band.height >= chart.LEAST_BAND
        if panel.end:
            assert panel.end.x < chart.WIDTH
    assert drawn.panels[0].bottom < drawn.panels[1].top
    assert drawn.panels[-1].bottom < drawn.axis < drawn.height
    marked = [float(x) for x in re.findall(r"M(\S+) ", drawn.marks)]
    assert len(marked) == len([mark for mark in marks if 0 <= mark < steps])
    assert all(chart.LEFT <= x <= chart.RIGHT for x in marked)
    assert "nan" not in repr(drawn).lower()


@given(RATINGS)
def test_a_day_without_an_entry_is_a_gap_and_order_is_kept(values: list[int | None]) -> None:
    panel = draw([Series("craving", 0, 10, values)], len(values)).panels[0]
    lines = [points(line) for line in panel.lines]
    # Each run of neighbours is a line of its own, never drawn over a gap; one alone is a dot.
    found = runs(values)
    assert [len(line) for line in lines] == [len(run) for run in found if len(run) > 1]
    across = [x for line in lines for x, _ in line]
    assert across == sorted(across)
    lonely = sum(1 for run in found if len(run) == 1)
    told = sum(1 for value in values if value is not None)
    assert len(dots(panel.dots)) == (told if len(values) <= chart.MOST_DOTS else lonely)
    assert (panel.end is None) == (told == 0)
    for line, run in zip(lines, (run for run in found if len(run) > 1), strict=True):
        for (_, y), (_, value), (_, y_next), (_, value_next) in zip(line, run, line[1:], run[1:], strict=False):
            # Higher up is more.
            assert (value_next - value) * (y - y_next) >= 0


def test_nothing_and_one_value_are_drawn() -> None:
    empty = draw([Series("mood", 1, 5, [None] * 7)], 7)
    assert (empty.panels[0].lines, empty.panels[0].dots, empty.panels[0].end, empty.marks) == ((), "", None, "")
    single = draw([Series("mood", 1, 5, [3])], 1, [0])
    assert single.panels[0].lines == ()
    assert len(dots(single.panels[0].dots)) == 1
    assert len(single.ticks) == 1
    assert draw([], 30, [4]).panels == ()


def test_the_hardest_of_a_step_has_a_dot_of_its_own_where_the_value_hides_it() -> None:
    """A mean of 3 of a very low and a very good mood; a day that is all the same; a pull that is its own strongest."""
    mood = draw([Series("mood", 1, 5, [3, 3], ranges=[(5, 1), None])], 2).panels[0]
    assert uprights(mood.ranges) == [(chart.LEFT, mood.top, mood.bottom)]
    assert dots(mood.hardest) == [(chart.LEFT, mood.bottom)]
    pull = draw([Series("craving", 0, 10, [10, 4], ranges=[(0, 10), (4, 4)])], 2).panels[0]
    assert uprights(pull.ranges) == [(chart.LEFT, pull.bottom, pull.top)]
    assert pull.hardest == ""


@given(st.lists(st.floats(0, 10), max_size=60))
def test_the_usual_range_needs_two_weeks_and_lies_within_what_was_said(values: list[float]) -> None:
    usual = usual_range(values)
    assert (usual is None) == (len(values) < 14)
    if usual:
        assert min(values) <= usual[0] <= usual[1] <= max(values)


def test_a_year_is_told_by_the_medians_of_its_weeks_and_the_ends_of_single_check_ins() -> None:
    first = date(2026, 1, 1)
    days = [Day(first + timedelta(days=number), mood, None, None) for number, mood in enumerate((1, 5, 2, 2, 3, 3, 4))]
    days.append(Day(first + timedelta(days=15), None, 7, True, cravings=(0, 7)))
    days.append(Day(first + timedelta(days=21), 3, 2, None))
    days.append(Day(first + timedelta(days=22), 3, 2, None, moods=(1, 5)))
    days.append(Day(first + timedelta(days=28), 4, 6, None))
    assert weeks_of(days, first) == [
        Day(first, 3, None, None, moods=(1, 5)),
        Day(first + timedelta(days=14), None, 7, True, cravings=(0, 7)),
        Day(first + timedelta(days=21), 3, 2, None, moods=(1, 5)),
        Day(first + timedelta(days=28), 4, 6, None),
    ]
