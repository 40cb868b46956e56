"""Figures and their limits: one line each, `name value unit limit ok|over`."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results" / "latest.txt"
# CPU microseconds of *page* on the machine that the limits in seconds were set for.
PAGE_MICROSECONDS = 330.0
_SHOWN_VERSIONS = ("Flask", "SQLAlchemy", "granian")


class CannotMeasure(Exception):
    """Something that a measure needs is missing; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; without a limit it stands beside the others for the reader."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the budget is exceeded."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit

    @property
    def line(self) -> str:
        """The figure as it is printed and kept."""
        limit = "-" if self.limit is None else ("" if not self.at_least else ">=") + _short(self.limit)
        return f"{self.name} {_short(self.value)} {self.unit} {limit} {'over' if self.is_over else 'ok'}"


@dataclass
class Report:
    """Takes figures as they come, prints each at once, and keeps what was said for the file."""

    say: Callable[[str], None]
    quick: bool = False
    lines: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    unmeasured: list[str] = field(default_factory=list)
    page_microseconds: float = PAGE_MICROSECONDS

    def note(self, sentence: str) -> None:
        """Write a line that is no figure."""
        self._write(f"# {sentence}")

    def add(self, name: str, value: float, unit: str, limit: float | None = None, *, at_least: bool = False) -> None:
        """Write a figure."""
        figure = Figure(name, value, unit, limit, at_least)
        self._write(figure.line)
        if figure.is_over:
            self.over.append(name)

    @property
    def scale(self) -> float:
        """Say how many times slower this machine is than the one the limits were set for, by *page* of this run."""
        return self.page_microseconds / PAGE_MICROSECONDS

    def add_seconds(self, name: str, seconds: float, limit: float, unscaled: float = 0) -> None:
        """Write a time whose limit was set for another machine: it is scaled by *page* of this run.

        `unscaled` is the part of the limit, in seconds, that is the same on every machine.
        """
        self.add(name, seconds, "s", unscaled + (limit - unscaled) * self.scale)

    def add_milliseconds(self, name: str, seconds: float, limit: float) -> None:
        """Write a time, scaled likewise, in milliseconds: for what a second is too coarse for."""
        self.add(name, seconds * 1000, "ms", limit * 1000 * self.scale)

    def miss(self, name: str, why: str) -> None:
        """Write that something could not be measured, which is not the same as being inside its budget."""
        self.note(f"{name} was not measured: {why}")
        self.unmeasured.append(name)

    def _write(self, line: str) -> None:
        self.lines.append(line)
        self.say(line)


def machine() -> list[str]:
    """Describe the machine: what a figure depends on, and nothing that names it."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores, {pages * size / 2**30:.0f} GiB memory, {platform.system()} {platform.machine()}",
        f"load average {os.getloadavg()[0]:.1f} at the start",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in _SHOWN_VERSIONS),
    ]


def keep(report: Report, file: Path = RESULTS) -> None:
    """Write the run into the results' file."""
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(report.lines) + "\n", encoding="utf-8")


def _short(value: float) -> str:
    if value == int(value) and abs(value) < 1e12:  # noqa: PLR2004 - beyond that a float is no whole number anyway.
        return str(int(value))
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 - two places are enough.
