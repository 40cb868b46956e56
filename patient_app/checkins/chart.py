"""Where lines, bands, marks and labels of the history's chart stand: numbers in, numbers out, no words.

One panel for each rating, one below the other, over one axis of time. Across, the drawing is `WIDTH` units that the
page stretches to its own width; down, a unit is a pixel. A step is a day or a week.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

WIDTH = 1000
# Room is left at the right for the word at the end of a line.
LEFT, RIGHT = 12.0, 850.0
PLOT, WORDS_ABOVE, WORDS_BELOW, BETWEEN = 88.0, 22.0, 20.0, 14.0
MARKS_ABOVE, AXIS_BELOW = 32.0, 26.0
MARK = 12.0
BASELINE = 14.0
LEAST_BAND = 4.0
# With more steps than these, dots would run into each other: only what no line shows is a dot.
MOST_DOTS = 31
TO_LABEL = 16.0
MOST_HEIGHTS = 1000


@dataclass(frozen=True, slots=True)
class Series:
    """One rating: a value for each step, oldest first, None where nothing was said; `usual` is the band, if any.

    `ranges` has, for a step with several, one end and the hardest of them, which has a small dot of its own where it is
    not the value; None where there is but one, and empty for no ranges at all.
    """

    name: str
    least: float
    most: float
    values: Sequence[float | None]
    usual: tuple[float, float] | None = None
    ranges: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the drawing."""

    x: float
    y: float

    @property
    def across(self) -> str:
        """How far from the left, for words, which are not stretched."""
        return f"{self.x * 100 / WIDTH:.4g}%"


@dataclass(frozen=True, slots=True)
class Band:
    """The person's own usual range."""

    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One rating, drawn: paths of its unbroken runs, dots, ranges and their hardest ends, and where its words stand."""

    name: str
    top: float
    bottom: float
    lines: tuple[str, ...]
    dots: str
    ranges: str
    hardest: str
    band: Band | None
    end: Point | None
    words_above: float
    words_below: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole drawing; `marks` is one path of short strokes on the axis, empty when there is nothing to mark."""

    height: float
    panels: tuple[Panel, ...]
    axis: float
    marks: str
    marks_words: float
    ticks: tuple[Point, ...]

    @property
    def left(self) -> float:
        """Where the axis begins."""
        return LEFT

    @property
    def right(self) -> float:
        """Where the axis ends."""
        return RIGHT

    @property
    def width(self) -> int:
        """How many units the drawing is wide."""
        return WIDTH


def draw(series: Sequence[Series], steps: int, marks: Iterable[int] = ()) -> Chart:
    """Return the drawing of ratings over so many steps (one at least); what lies outside of a scale is at its end.

    `marks` are steps to be marked on the axis. Steps without a value are gaps: no line leads over them.
    """
    panels, top = [], 0.0
    for one in series:
        panels.append(_panel(one, steps, top))
        top = panels[-1].words_below + BETWEEN
    marked = sorted({step for step in marks if 0 <= step < steps})
    axis = top + (MARKS_ABOVE if marked else BETWEEN)
    return Chart(
        height=axis + AXIS_BELOW,
        panels=tuple(panels),
        axis=axis,
        marks="".join(f"M{_across(step, steps):.0f} {axis - MARK:.0f}v{MARK:.0f}" for step in marked),
        marks_words=top + BASELINE,
        ticks=tuple(Point(_across(step, steps), axis + 20) for step in sorted({0, steps // 2, steps - 1})),
    )


def runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return the unbroken runs of values, each with its steps, in their order."""
    found: list[list[tuple[int, float]]] = []
    before = None
    for step, value in enumerate(values):
        if value is not None:
            if before is None:
                found.append([])
            found[-1].append((step, value))
        before = value
    return found


def _panel(series: Series, steps: int, top: float) -> Panel:
    plot = top + WORDS_ABOVE
    bottom = plot + PLOT
    down = _heights(series.least, series.most, bottom)
    across = _all_across(steps)
    found = runs(series.values[:steps])
    placed = [[f"{across[step]} {down[value]}" for step, value in run] for run in found]
    dotted = [run for run in placed if steps <= MOST_DOTS or len(run) == 1]
    ranges, hardest = _ranges(series, across, down)
    end = None
    if found:
        step, value = found[-1][-1]
        end = Point(_across(step, steps) + TO_LABEL, int(down[value]) + 4)
    return Panel(
        name=series.name,
        top=plot,
        bottom=bottom,
        lines=tuple("M" + " ".join(run) for run in placed if len(run) > 1),
        dots="".join([f"M{place}h.1" for run in dotted for place in run]),
        ranges=ranges,
        hardest=hardest,
        band=_band(down.exactly(series.usual[0]), down.exactly(series.usual[1]), plot, bottom)
        if series.usual
        else None,
        end=end,
        words_above=top + BASELINE,
        words_below=bottom + 16,
    )


def _ranges(series: Series, across: Sequence[str], down: _Heights) -> tuple[str, str]:
    """Return the path of the upright lines, and of the dots at their hardest ends."""
    ranges, dots = [], []
    for at, value, both in zip(across, series.values, series.ranges, strict=False):
        if both is None or both[0] == both[1]:
            continue
        end, hardest = down[both[0]], down[both[1]]
        ranges.append(f"M{at} {end}V{hardest}")
        if both[1] != value:
            dots.append(f"M{at} {hardest}h.1")
    return "".join(ranges), "".join(dots)


class _Heights(dict[float, str]):
    """How far down values stand in a panel, as a path says it: what days say is so little that most was written before.

    Kept from one drawing to the next, and begun anew before it grows.
    """

    def __init__(self, least: float, most: float, bottom: float) -> None:
        super().__init__()
        self._least, self._most, self._bottom = least, most, bottom

    def __missing__(self, value: float) -> str:
        if len(self) >= MOST_HEIGHTS:
            self.clear()
        self[value] = written = f"{self.exactly(value):.0f}"
        return written

    def exactly(self, value: float) -> float:
        within = min(max(value, self._least), self._most)
        return self._bottom - (within - self._least) / (self._most - self._least) * PLOT


@lru_cache(maxsize=64)
def _heights(least: float, most: float, bottom: float) -> _Heights:
    return _Heights(least, most, bottom)


def _band(low: float, high: float, top: float, bottom: float) -> Band:
    height = max(low - high, LEAST_BAND)
    start = min(max((low + high - height) / 2, top), bottom - height)
    return Band(round(start, 1), round(height, 1))


@lru_cache(maxsize=8)
def _all_across(steps: int) -> tuple[str, ...]:
    return tuple(f"{_across(step, steps):.0f}" for step in range(steps))


def _across(step: int, steps: int) -> float:
    return LEFT + (RIGHT - LEFT) * (step / (steps - 1) if steps > 1 else 0.5)
