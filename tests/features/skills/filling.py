"""Fills in the form of any exercise, by what stands on its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from patient_app.skills.facts import Exercise
from patient_app.skills.files import read_exercise
from tests.page import FormOnPage

DOCUMENT = Path(__file__).parents[3] / "docs" / "exercises.md"


def example() -> str:
    """Return the worked example of the document, as a colleague would put it into a file."""
    return DOCUMENT.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def worked_example() -> Exercise:
    """Return the exercise of the worked example."""
    return read_exercise("look-outside", example())


def well_filled(form: FormOnPage, finish: str = "done") -> dict[str, list[str]]:
    """Return what is sent when every field of an exercise has an answer."""
    sent = {name: [value] for name, value in form.values if name in {"id", "base", "zone"}}
    for element in form.element.iter():
        name = element.get("name") or ""
        if name.startswith("a_") or name in {"before", "after"}:
            answer = _answer(element, name)
            if answer is not None and (name not in sent or element.get("type") == "checkbox"):
                sent.setdefault(name, []).append(answer)
    return {**sent, "finish": [finish]}


def _answer(element: Any, name: str) -> str | None:
    kind = element.get("type")
    if element.tag == "textarea" or kind == "text":
        return f"Words of {name}"
    if kind in {"radio", "checkbox"}:
        return str(element.get("value") or "") or None
    if kind == "date":
        return "2026-12-01"
    if element.tag == "select":
        return next(str(option.get("value")) for option in element.iter("option") if option.get("value"))
    return None
