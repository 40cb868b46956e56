"""The numbers that stand in templates and in texts are those of the reviewed file, and the day of the review shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from patient_app.core.work import Store
from patient_app.safety.service import help_lines
from patient_app.supporting.guide import poison_help
from tests.factories import make_practice
from tests.page import Client, text_of

APP = Path(__file__).resolve().parents[3] / "patient_app"
REVIEWED = APP / "content" / "help_lines.yaml"
# What is read out: texts for translation, and what is handed to the macros that make links for calling and texting.
_TEXTS = re.compile(
    r"""(?:\b_l?|gettext|call_link|text_link)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?:,\s*_\(("[^"]*"))?"""
)
# Three digits alone, a short code for texts, or a whole number of the country.
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:1-\d{3}-\d{3}-\d{4}|\d{5,6}|\d{3})(?![\w%/-]|[.,]\d)")
# Numbers of three digits in texts that are no telephone numbers.
OTHER = {"100", "555"}  # "fewer than 2 in 100 calls"; an example of how to write a number


def known_numbers() -> set[str]:
    """Return every number of the reviewed files."""
    lines = [*help_lines(), poison_help()]
    numbers = {line[kind] for line in lines for kind in ("call", "tty") if line.get(kind)}
    return numbers | {line["text"]["number"] for line in lines if line.get("text")}


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text that people read, of templates, code and reviewed content, with its file."""
    for path in (*APP.rglob("*.html"), *APP.rglob("*.py")):
        if "migrations" not in path.parts and "styleguide" not in path.parts:
            for found in _TEXTS.finditer(path.read_text(encoding="utf-8")):
                yield from ((str(path.relative_to(APP)), part) for part in found.groups() if part)
    for path in (APP / "content").rglob("*.yaml"):
        if path != REVIEWED:
            yield from ((path.name, text) for text in _words(yaml.safe_load(path.read_text(encoding="utf-8"))))


def _words(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, value in part.items():
            if name not in {"source", "sources", "address"}:
                yield from _words(value)
    elif isinstance(part, list):
        for value in part:
            yield from _words(value)


def unknown(found: str) -> set[str]:
    """Return the numbers of a text that the reviewed file does not know."""
    return set(_NUMBER.findall(found)) - known_numbers() - OTHER


def test_every_number_in_a_text_is_in_the_reviewed_file() -> None:
    found = list(texts())
    assert sum("988" in text for _, text in found) > 10
    assert sum("911" in text for _, text in found) > 5
    assert [(name, text, unknown(text)) for name, text in found if unknown(text)] == []


@pytest.mark.parametrize(
    "text", ["Call 987 now.", "“Call 912”", "Text HOME to 741742.", "Call 1-800-662-4358", "(912)"]
)
def test_a_wrong_number_is_seen(text: str) -> None:
    assert unknown(text)


@pytest.mark.parametrize("text", ["Call 988, day and night.", "42 CFR part 2", "in 2026", "2.12", "15 minutes", "100%"])
def test_other_digits_are_none(text: str) -> None:
    assert not unknown(text)


def test_the_links_that_every_page_about_danger_carries_are_the_first_two_lines(client: Client) -> None:
    emergency, lifeline = help_lines()[:2]
    page = client.get("/help")
    crisis = page.all("div", class_name="calls-grid")[0]
    links = [(link.get("href"), text_of(link).split("  ")[0]) for link in crisis.iter("a")]
    assert [href for href, _ in links] == [
        f"tel:{lifeline['call']}",
        f"sms:{lifeline['text']['number']}",
        f"tel:{emergency['call']}",
    ]
    for link in page.all("a"):
        scheme, _, number = (link.get("href") or "").partition(":")
        said = _NUMBER.findall(text_of(link))
        if scheme in {"tel", "sms"}:
            assert number.partition("?")[0] in known_numbers()
            assert not said or number.partition("?")[0] in said, text_of(link)


def test_the_day_of_the_oldest_check_shows(client: Client, store: Store) -> None:
    make_practice(store)
    oldest = min(line["verified_on"] for line in help_lines())
    assert f"Numbers checked on {oldest.day} {oldest:%B %Y}." in client.get("/help").words
