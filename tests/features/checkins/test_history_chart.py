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


def points(path: str) -> list[tuple[float, float]]:
    """Return the places of a line's path."""
    numbers = [float(number) for number in NUMBER.findall(path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def dots(path: str) -> list[tuple[float, float]]:
    """Return the places of a path of dots."""
    return [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+?)h\.1", path)]


@given(RATINGS, RATINGS, st.sets(st.integers(-5, 130)))
def test_everything_stays_in_the_frame(moods: list[int | None], cravings: list[int | None], marks: set[int]) -> None:
    steps = max(len(moods), len(cravings))
    drawn = draw([Series("mood", 1, 5, moods, (2, 4)), Series("craving", 0, 10, cravings)], steps, marks)
    for panel in drawn.panels:
        placed = [place for line in panel.lines for place in points(line)] + dots(panel.dots)
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


@given(st.lists(st.floats(0, 10), max_size=60))
def test_the_usual_range_needs_two_weeks_and_lies_within_what_was_said(values: list[float]) -> None:
    usual = usual_range(values)
    assert (usual is None) == (len(values) < 14)
    if usual:
        assert min(values) <= usual[0] <= usual[1] <= max(values)


def test_a_year_is_told_by_the_medians_of_its_weeks() -> None:
    first = date(2026, 1, 1)
    days = [Day(first + timedelta(days=number), mood, None, None) for number, mood in enumerate((1, 5, 2, 2, 3, 3, 4))]
    days.append(Day(first + timedelta(days=15), None, 7, True))
    assert weeks_of(days, first) == [
        Day(first, 3, None, None),
        Day(first + timedelta(days=14), None, 7, True),
    ]
