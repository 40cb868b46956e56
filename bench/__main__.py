"""`python -m bench [NAME...]`: measures and compares with the budgets; exit 1 when one is exceeded."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from bench import figures, lessons, lighthouse, load, offline, pages, push, reminders, schedule, served, weight
from bench.figures import CannotMeasure, Report
from bench.ground import Ground, ground

MEASURES: dict[str, Callable[[Ground], None]] = {
    "check-in": pages.check_in,
    "today": pages.today,
    "history": pages.history,
    "help": pages.help_page,
    "post-check-in": pages.entry,
    "team": pages.team,
    "patient": pages.patient,
    "schedule": schedule.schedule,
    "reminders": reminders.scan,
    # Before the throughput, which writes a year's check-ins into one day of the same people: pages that nobody has.
    "memory": served.memory,
    "throughput": served.throughput,
    "start": served.start,
    "weight": weight.weight,
    "offline": offline.offline,
    "push": push.push,
    "lessons": lessons.search,
    "lighthouse": lighthouse.lighthouse,
}
LOAD = "load"
NAMES = (*MEASURES, LOAD)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="Fewer repeats: a rough look while developing.")
@click.option("--seconds", default=120, show_default=True, help="How long the load lasts, on each database.")
def main(names: tuple[str, ...], *, quick: bool, seconds: int) -> None:
    """Measure the application against the reference: one line a figure, `name value unit limit ok|over`.

    A whole run is kept in bench/results/latest.txt. A limit that the run exceeds makes the exit code 1.
    """
    report = Report(click.echo, quick)
    for line in figures.machine():
        report.note(line)
    with ground(report) as made:
        pages.reference(made)
        for name in names or NAMES:
            _measure(made, name, seconds)
    _conclude(report)
    if not names and not quick:
        figures.keep(report)
    sys.exit(1 if report.over or report.unmeasured else 0)


def _measure(made: Ground, name: str, seconds: int) -> None:
    try:
        if name == LOAD:
            load.load(made, seconds)
        else:
            MEASURES[name](made)
    except CannotMeasure as reason:
        made.report.miss(name, str(reason))


def _conclude(report: Report) -> None:
    report.note(f"over: {', '.join(report.over) or 'none'}")
    if report.unmeasured:
        report.note(f"not measured: {', '.join(report.unmeasured)}")


main(prog_name="python -m bench")
