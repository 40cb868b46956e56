"""`python -m bench [NAME...]`: measures and compares with the budgets; exit 1 when one is exceeded."""

from __future__ import annotations

from collections.abc import Callable

import click

from bench import figures, pages
from bench.ground import Ground, ground

Measure = Callable[[Ground], None]

MEASURES: dict[str, Measure] = {
    "check-in": pages.check_in,
    "today": pages.today,
    "history": pages.history,
    "help": pages.help_page,
    "post-check-in": pages.entry,
    "team": pages.team,
    "patient": pages.patient,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MEASURES)), metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="Fewer repeats: a rough look while developing; keeps no results.")
@click.option("--seconds", default=20, show_default=True, help="How long the load lasts, on each database.")
def main(names: tuple[str, ...], *, quick: bool, seconds: int) -> None:
    """Measure the application against the reference, one line a figure: name, value, unit, limit, ok or over."""
    report = figures.Report(click.echo, quick)
    for line in figures.machine():
        report.note(line)
    with ground(report) as made:
        pages.reference(made)
        for name in names or MEASURES:
            MEASURES[name](made)
main()
