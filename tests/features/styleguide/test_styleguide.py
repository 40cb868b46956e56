"""The style guide shows everything there is, and what it shows holds: contrast, one place for colours, small files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
from flask import Flask
from jinja2 import Environment, nodes

from patient_app.core.config import Config
from patient_app.core.work import Store
from patient_app.styleguide import tokens
from patient_app.styleguide.tokens import PAIRS, Colour, Measured
from tests.page import Client, Page

PACKAGE = Path(__file__).resolve().parents[3] / "patient_app"
TEMPLATES, STATIC = PACKAGE / "templates", PACKAGE / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
CSS = tokens.STYLE_SHEET.read_text(encoding="utf-8")
PAGE = "styleguide/styleguide.html"
MOST_STYLE, MOST_SCRIPT = 10_000, 2_000


@pytest.fixture
def guide(config: Config, store: Store) -> Page:
    """Return the page as developers see it."""
    from patient_app.factory import create_app  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    page = Client(create_app(replace(config, development=True), store)).get("/styleguide")
    assert page.status_code == 200
    return page


def test_only_developers_have_it(app: Flask, client: Client) -> None:
    assert client.get("/styleguide").status_code == 404
    assert all(not rule.endpoint.startswith("styleguide") for rule in app.url_map.iter_rules())


# --- components ------------------------------------------------------------------------------------------------


def macros(source: str) -> set[str]:
    """Return the names of the macros that pages may use."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    return {macro.name for macro in tree.find_all(nodes.Macro) if not macro.name.startswith("_")}


def called(source: str, module: str) -> set[str]:
    """Return which names of an imported file are called."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    return {
        call.node.attr
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Getattr)
        and isinstance(call.node.node, nodes.Name)
        and call.node.node.name == module
    }


@pytest.mark.parametrize("module", ["ui", "forms"])
def test_every_component_is_shown_and_told_in_a_sentence(guide: Page, module: str) -> None:
    names = macros((TEMPLATES / "components" / f"{module}.html").read_text(encoding="utf-8"))
    drawn = called((TEMPLATES / PAGE).read_text(encoding="utf-8"), module)
    assert len(names) > 10
    for name in sorted(names):
        section = guide.by_id(f"component-{name}")
        assert name in drawn, f"{module}.{name} is not drawn in {PAGE}"
        assert section is not None, f"{PAGE} has no section for {module}.{name}: wrap it in shown(...)"
        told = section.find("p")
        assert told is not None
        assert len((told.text or "").split()) >= 3, f"{module}.{name} is not told in a sentence"


# What the look of the product is made of, whether it is a macro or, for speed, written out on its page.
PARTS = (
    "app-bar", "navigation", "help_button", "card", "text_field", "face_field", "scale_field", "chip_group", "more",
    "save_bar", "receipt_line", "status_line", "empty_state", "banner", "sheet", "step_pager", "history-chart",
    "read-days", "person_row", "case_row", "before-after", "consent_card", "constant_line", "notice_42cfr",
)  # fmt: skip


def test_every_part_of_the_look_has_its_place(guide: Page) -> None:
    assert [name for name in PARTS if guide.by_id(f"component-{name}") is None] == []
    assert guide.all("nav", class_name="nav")


def test_there_is_no_third_file_of_components() -> None:
    assert sorted(path.name for path in (TEMPLATES / "components").iterdir()) == ["forms.html", "ui.html"]


def test_a_planted_component_would_be_missed() -> None:
    source = "{% macro planted() %}{% endmacro %}{% macro _inside() %}{% endmacro %}{{ ui.drawn() }}{{ other.thing() }}"
    assert macros(source) == {"planted"}
    assert called(source, "ui") == {"drawn"}


def test_every_token_is_shown(guide: Page) -> None:
    shown = set(guide.words.split())
    assert tokens.tokens(CSS).keys() <= shown


# --- colours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measured", tokens.measured(CSS), ids=lambda one: f"{one.pair.front} on {one.pair.back}")
def test_contrast_is_enough_in_light_and_in_dark(measured: Measured) -> None:
    assert measured.enough, f"light {measured.light:.2f}, dark {measured.dark:.2f}, at least {measured.pair.least}"


def test_every_colour_is_held_to_a_contrast() -> None:
    paired = {name for pair in PAIRS for name in (pair.front, pair.back)}
    assert tokens.colours(CSS).keys() == paired | tokens.DECORATION


@pytest.mark.parametrize(
    ("colour", "as_hex"),
    [  # The primaries of sRGB in OKLCH, as CSS Color 4 converts them.
        (Colour(1, 0, 0), "#ffffff"),
        (Colour(0, 0, 0), "#000000"),
        (Colour(0.627955, 0.257683, 29.233885), "#ff0000"),
        (Colour(0.866440, 0.294827, 142.495339), "#00ff00"),
        (Colour(0.452014, 0.313214, 264.052021), "#0000ff"),
    ],
)
def test_colours_are_converted_as_css_says(colour: Colour, as_hex: str) -> None:
    assert colour.hex == as_hex


def test_contrast_is_computed_as_wcag_says() -> None:
    assert Colour(1, 0, 0).contrast(Colour(0, 0, 0)) == pytest.approx(21, abs=0.01)
    # #767676 is the lightest gray with 4.5 on white.
    assert Colour(0.5659, 0, 0).hex == "#767676"
    assert Colour(1, 0, 0).contrast(Colour(0.5659, 0, 0)) == pytest.approx(4.54, abs=0.02)


_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|light-dark|color)\("
    r"|(?<![\w-])(?:white|black|gray|grey|red|green|blue|orange|yellow|teal|brown|silver|navy|purple)(?![\w-])",
    re.IGNORECASE,
)
_NOT_A_COLOUR = re.compile(r"/\*.*?\*/|\[[^\]]*\]|\burl\([^)]*\)|in oklab\b|forced-colors|prefers-color", re.DOTALL)


def colours_outside(css: str) -> Iterator[str]:
    """Yield what names a colour outside the tokens layer."""
    if "@layer tokens {" in css:
        css = css.replace(tokens.layer(css, "tokens"), "")
    for line in _NOT_A_COLOUR.sub("", css).splitlines():
        if _COLOUR.search(line):
            yield line.strip()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_colours_stand_in_the_tokens_alone(sheet: Path) -> None:
    assert list(colours_outside(sheet.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "value", ["#fff", "#14565C", "oklch(0.5 0.1 20)", "white", "light-dark(red, blue)", "rgb(0 0 0)"]
)
def test_a_planted_colour_is_seen(value: str) -> None:
    assert list(colours_outside(f"@layer tokens {{ --x: #000; }} .a {{ color: {value}; }}"))


def test_templates_name_no_colour_but_the_bar_of_the_browser() -> None:
    paper = tokens.colours(CSS)["paper"]
    base = (TEMPLATES / "layout" / "base.html").read_text(encoding="utf-8")
    assert re.findall(r'name="theme-color" content="(#\w+)"', base) == [shade.hex for shade in paper]
    for path in sorted(TEMPLATES.rglob("*.html")):
        source = path.read_text(encoding="utf-8")
        found = re.findall(r'(?:fill|stroke|stop-color|bgcolor)="(#[^"]+|[a-z]+\([^"]+)"', source)
        assert found == [], path.name


# --- weight ----------------------------------------------------------------------------------------------------


def test_the_style_sheet_and_the_scripts_of_every_page_are_small() -> None:
    assert len(brotli.compress(tokens.STYLE_SHEET.read_bytes(), quality=11)) <= MOST_STYLE
    everywhere = STATIC / "js" / "quick_exit.js"
    assert len(brotli.compress(everywhere.read_bytes(), quality=11)) <= MOST_SCRIPT
