"""Make the icons and the screenshots of the manifest, with the Chromium that the browser tests use.

`python scripts/pictures.py icons` draws the PNG files beside each SVG in static/icons/app/.
`python scripts/pictures.py screens http://localhost:8000 PASSWORD` takes the pictures in static/icons/screens/ of a
running demonstration.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ICONS = Path(__file__).resolve().parents[1] / "patient_app" / "static" / "icons"
# What is drawn from an SVG: the end of the file's name, its size, and what changes. A launcher may cut a maskable icon
# down to a circle of 80 percent; Apple rounds the corners itself; a monochrome icon is its shape alone.
SQUARE = "#ground{rx:0}"
DRAWN = (
    ("-192.png", 192, ""),
    ("-512.png", 512, ""),
    ("-180.png", 180, SQUARE),
    ("-maskable-192.png", 192, SQUARE + "#mark{transform:scale(.85);transform-origin:50% 50%}"),
    ("-maskable-512.png", 512, SQUARE + "#mark{transform:scale(.85);transform-origin:50% 50%}"),
    ("-monochrome-512.png", 512, "#ground{display:none}"),
)
SCREENS = (
    ("check-in", "/check-in", (360, 740), 2),
    ("today", "/today", (360, 740), 2),
    ("history", "/history", (1280, 800), 1),
)


def icons(browser: Browser) -> None:
    """Draw every PNG file of every mark."""
    for source in sorted((ICONS / "app").glob("*.svg")):
        drawing = re.sub(r"<svg ", '<svg width="100%" height="100%" style="display:block" ', source.read_text("utf-8"))
        for end, size, style in DRAWN:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body{{margin:0;background:none}}{style}</style>{drawing}")
            page.screenshot(path=source.with_name(source.stem + end), omit_background=True)
            page.close()


def screens(browser: Browser, address: str, password: str) -> None:
    """Take the pictures of the demonstration's first patient."""
    folder = ICONS / "screens"
    folder.mkdir(exist_ok=True)
    for name, path, (width, height), scale in SCREENS:
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.get_by_label("E-mail").fill("patient@demo.example")
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.goto(address + path)
        page.evaluate("document.querySelector('.demonstration')?.remove()")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        asked = {"format": "webp", "quality": 80, "clip": clip}
        taken = context.new_cdp_session(page).send("Page.captureScreenshot", asked)["data"]
        (folder / f"{name}.webp").write_bytes(base64.b64decode(taken))
        context.close()


def main(words: list[str]) -> None:
    """Do what was asked."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        if words[:1] == ["icons"]:
            icons(browser)
        elif words[:1] == ["screens"] and len(words) == len(("screens", "address", "password")):
            screens(browser, words[1].rstrip("/"), words[2])
        else:
            sys.exit(__doc__)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
