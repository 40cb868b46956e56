"""What a browser has to know to put the application on a home screen. It tells of a face, never of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from patient_app.core.faces import Face

# The paper of the style sheet, by day: the splash screen and the bar above the page.
PAPER = "#fcf9f2"
ICON_SIZES = (192, 512)
# Made by scripts/pictures.py from the demonstration.
SCREENSHOTS = (
    ("icons/screens/check-in.webp", "narrow", (720, 1480)),
    ("icons/screens/today.webp", "narrow", (720, 1480)),
    ("icons/screens/history.webp", "wide", (1280, 800)),
)


def manifest(face: Face, address: Callable[[str], str], language: str, direction: str) -> dict[str, Any]:
    """Return the manifest of a face; `address` gives the address of a static file.

    One is enough for every kind of person: `/` leads each to their own first page. A plain face says nothing about what
    the application is for, so it has no description, no category and no picture.
    """
    made: dict[str, Any] = {
        "id": "/",  # Stays the same under another name or start, so that the app on the phone stays the same one.
        "name": face.shown_name,
        "short_name": face.shown_name,
        "lang": language,
        "dir": direction,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": _icons(face, address),
        "shortcuts": _shortcuts(face),
    }
    if not face.is_plain:
        made["description"] = _("Check in on your day, and choose who can see it. Help is one tap away.")
        made["categories"] = ["health", "lifestyle"]
        made["screenshots"] = _screenshots(address)
    return made


def _icons(face: Face, address: Callable[[str], str]) -> list[dict[str, str]]:
    icons = [(f"-{size}.png", size, "any") for size in ICON_SIZES]
    icons += [(f"-maskable-{size}.png", size, "maskable") for size in ICON_SIZES]
    icons.append(("-monochrome-512.png", 512, "monochrome"))
    return [
        {"src": address(face.icon(kind)), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for kind, size, purpose in icons
    ]


def _shortcuts(face: Face) -> list[dict[str, str]]:
    if face.is_plain:
        return [{"name": _("Write"), "url": "/check-in"}, {"name": _("Help"), "url": "/help"}]
    return [{"name": _("Check in"), "url": "/check-in"}, {"name": _("Help now"), "url": "/help"}]


def _screenshots(address: Callable[[str], str]) -> list[dict[str, str]]:
    words = {"check-in": _("A check-in"), "today": _("Today"), "history": _("History")}
    return [
        {
            "src": address(file),
            "sizes": f"{width}x{height}",
            "type": "image/webp",
            "form_factor": form,
            "label": words[file.rpartition("/")[2].removesuffix(".webp")],
        }
        for file, form, (width, height) in SCREENSHOTS
    ]
