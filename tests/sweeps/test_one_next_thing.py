"""A page of a patient has one thing that stands out: at most one primary button, besides calls for help.

What is folded, hidden until a script knows, or on the page of the parts is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from tests.page import Page, text_of
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.world import QUERIES


def standing_out(page: Page) -> list[str]:
    """Return the words on the primary buttons of a page that are seen at once."""
    return [text_of(one) for one in _seen(page.one("main")) if {"button", "primary"} <= _classes(one)]


def _classes(element: Element) -> set[str]:
    classes = set((element.get("class") or "").split())
    return set() if "call" in classes else classes


def _seen(element: Element) -> Iterator[Element]:
    yield element
    is_folded = element.tag in ("details", "dialog") and element.get("open") is None
    for child in element:
        waits = child.get("hidden") is not None or child.get("data-waits") is not None
        if not waits and (not is_folded or child.tag == "summary"):
            yield from _seen(child)


def test_one_thing_stands_out_on_every_page_of_a_patient(stage: Stage) -> None:
    client = stage.client("owner")
    found = {}
    for rule, method in access_table.routes(stage.app):
        if method == "GET" and rule.rule != "/styleguide":
            page = client.get(stage.world.address(rule), query_string=QUERIES.get(rule.rule))
            if page.is_page:
                found[rule.rule] = standing_out(page)
    assert {one: said for one, said in found.items() if len(said) > 1} == {}
    assert found["/today"] == ["Check in"]
    assert found["/skills"] == ["What helps right now?"]
