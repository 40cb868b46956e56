"""How pages are drawn: what templates write is escaped as ever, and what never changes is drawn once a language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale, lazy_gettext
from markupsafe import Markup, escape

from patient_app.core.pages import _escaped
from patient_app.core.work import Store

pytestmark = pytest.mark.sqlite
TEMPLATE = """
{% macro part(of_use, word="") %}<p>{{ of_use }}{{ word }}{{ caller() if caller }}</p>{% endmacro %}
{% for value in values %}
  {{ value }}{{ part(value, word=value) }}{% call part(1) %}{{ value }}{% endcall %}
{% endfor %}
"""
ICONS = "{{ ui.icon('check', 18) }}{{ ui.icon('check') }}{{ ui.icon('check', 18) }}"


class Picture:
    """Says itself how it is written."""

    def __html__(self) -> str:
        return "<svg/>"


@pytest.fixture
def drawing(app: Flask, store: Store) -> Iterator[Flask]:
    """Give the application at work on a request."""
    with app.test_request_context("/sign-in"), store.work(writes=False):
        yield app


@pytest.mark.parametrize(
    "value", ["<b> & \"q\" 'q'", "", Markup("<b>"), 3, 2.5, -0.0, True, None, lazy_gettext("Save"), Picture(), b"<"]
)
def test_a_value_is_written_as_escape_writes_it(drawing: Flask, value: object) -> None:
    assert _escaped(value) == escape(value)


def test_what_somebody_typed_is_escaped_wherever_it_stands_in_a_template(drawing: Flask) -> None:
    drawn = render_template_string(TEMPLATE, values=["<script>", Markup("<b>")])
    assert "<script>" not in drawn
    assert (drawn.count("&lt;script&gt;"), drawn.count("<b>")) == (4, 4)


def test_a_part_is_drawn_once_for_each_language_and_each_argument(drawing: Flask) -> None:
    drawn: list[object] = []

    def note(value: object) -> str:
        drawn.append(value)
        return ""

    drawing.jinja_env.globals["note"] = note
    source = "{% macro part(value) %}{{ note(value) }}{{ _('Save') }}{{ value }}{% endmacro %}"
    parts = drawing.jinja_env.from_string(source)
    page = drawing.jinja_env.from_string("{{ once(part, 1) }}{{ once(part, 2) }}{{ once(part, 1) }}")
    part = vars(parts.module)["part"]
    assert page.render(part=part) == page.render(part=part) == "Save1Save2Save1"
    assert drawn == [1, 2]
    with force_locale("es"):
        page.render(part=part)
    assert drawn == [1, 2, 1, 2]


def test_an_icon_is_the_same_however_often_it_is_drawn(drawing: Flask) -> None:
    found = render_template_string("{% import 'components/ui.html' as ui %}" + ICONS).split("</svg>")
    assert found[0] == found[2] != found[1]
    assert ('width="18"' in found[0], 'width="20"' in found[1]) == (True, True)
