"""Whoever cannot see a drawing reads the same: each has a name, and a table with the days in its headings of rows.

That each drawing of a page has a name and its table is asked of every answer in every test (`tests/page.py`). Here:
that the world holds every kind of drawing there is, that their tables say days, and that faults are seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.page import SVG, Page, PageBroken, check, text_of
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.world import QUERIES

TEMPLATES = Path(__file__).resolve().parents[2] / "patient_app" / "templates"
# The templates that draw data, and how each is known on a page: by the class of its figure, or its own.
DRAWINGS = {
    "checkins/_chart.html": "history-chart",
    "effects/_weeks_chart.html": "history-chart with a change",
    "skills/_drawing.html": "times",
    "skills/_lines.html": "wave",
}
DAY = re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b")


def kind(drawing: Element, figure: Element | None) -> str:
    if figure is None:
        return drawing.get("class") or ""
    changes = any(path.get("class") == "change" for path in drawing.iter(f"{SVG.removesuffix('svg')}path"))
    return (figure.get("class") or "") + (" with a change" if changes else "")


def days_missing(figure: Element) -> list[str]:
    """Return the headings of the rows of a figure's table that name no day."""
    headings = [text_of(one) for one in figure.iter("th") if one.get("scope") == "row"]
    return [one for one in headings if not DAY.search(one)]


def drawn(page: Page) -> list[tuple[str, list[str]]]:
    """Return the kind of each drawing of data on a page, and what of its table names no day."""
    figures = {one: figure for figure in page.document.iter("figure") for one in figure.iter(SVG)}
    found = []
    for one in page.document.iter(SVG):
        if one.get("role") == "img":
            figure = figures.get(one)
            found.append((kind(one, figure), [] if figure is None else days_missing(figure)))
    return found


def test_every_drawing_is_met_with_a_name_and_a_table_that_says_its_days(stage: Stage) -> None:
    met: dict[str, list[str]] = {}
    for person in ("owner", "s-with", "c-with"):
        client = stage.client(person, checked=True)
        for rule, method in access_table.routes(stage.app):
            if method == "GET":
                page = client.get(stage.world.address(rule), query_string=QUERIES.get(rule.rule))
                for name, missing in drawn(page) if page.is_page else ():
                    assert not missing, (person, rule.rule, missing)
                    met.setdefault(name, []).append(rule.rule)
    assert met.keys() == set(DRAWINGS.values()), met
    # The patient's own and what others read of it are drawn by the same.
    assert {"/history", "/team/<uuid:patient_id>"} <= set(met["history-chart"]), met


def test_every_template_that_draws_data_is_known() -> None:
    """A drawing is an <svg> with `role=img`: what stands hidden beside its words is an icon or a face."""
    found = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if re.search(r"<svg[^>]*role=\"img\"", path.read_text(encoding="utf-8"))
    }
    assert found == DRAWINGS.keys()


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "no name": (
        lambda html: html.replace('role="img" aria-labelledby="chart-1"', 'role="img"'),
        "neither aria-hidden nor an image with a name",
    ),
    "empty words": (
        lambda html: re.sub(r'(<figcaption id="chart-1">).*?(</figcaption>)', r"\1\2", html),
        "neither aria-hidden nor an image with a name",
    ),
    "no role": (lambda html: html.replace('role="img" ', ""), "neither aria-hidden nor an image with a name"),
    "not tied to its table": (lambda html: html.replace(' aria-details="chart-1-rows"', ""), "in no table or list"),
    "tied to nothing": (lambda html: html.replace('id="chart-1-rows"', ""), "no element has this id"),
    "no headings of rows": (
        lambda html: re.sub(r'<th scope="row">(.*?)</th>', r"<td>\1</td>", html),
        "a figure has no table with headings of its rows",
    ),
    "no table": (
        lambda html: re.sub(r"<table>.*?</table>", "", html, flags=re.DOTALL),
        "a figure has no table with headings of its rows",
    ),
    "hidden, with no table": (
        lambda html: re.sub(r"<table>.*?</table>", "", html, flags=re.DOTALL).replace(
            'role="img"', 'aria-hidden="true"'
        ),
        "a figure has no table with headings of its rows",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_of_a_drawing_is_seen(stage: Stage, fault: str) -> None:
    plant, words = FAULTS[fault]
    page = stage.client("owner").get("/history")
    check(page, stage.world.config.quick_exit_url)
    changed = plant(page.html)
    assert changed != page.html
    page.set_data(changed)
    vars(page).pop("document", None)
    with pytest.raises(PageBroken, match=words):
        check(page, stage.world.config.quick_exit_url)
